// Started by RestartIT: switchboard.js listens over each transport, and over the best of all, while
// the server is restarted, and says what it heard.
import WebSocket from 'ws'
import { open } from '../../main/webapp/js/switchboard.js'

const [url] = process.argv.slice(2)
const ALL = ['webSocket', 'eventStream', 'longPoll', 'poll']

// Soon there again, and soon sure that a handshake will not be answered by a server that starts.
const TIMES = { pollInterval: 100, connectTimeout: 2_000, upgradeInterval: 500, backoff: [100, 500] }

const heard = [...ALL.map((name) => [name]), ALL].map((transports) => {
  const subscription = open(url, { ...TIMES, transports, WebSocket })
  const said = []
  subscription.addEventListener('message', ({ data }) => said.push(data))
  subscription.addEventListener('reset', ({ detail }) => said.push(`reset ${detail.reason}`))
  return { name: transports.length === 1 ? transports[0] : 'best', subscription, said }
})

const until = async (condition) => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20))
}

await until(() => heard.every(({ said }) => said.length === 3))
console.log('ready')
await until(() => heard.every(({ said }) => said.includes(6)))
await until(() => heard.at(-1).subscription.transport === 'webSocket')
heard.forEach(({ name, said }) => console.log(`${name}: heard ${said}`))
process.exit()
