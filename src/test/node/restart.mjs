// Started by RestartIT: the protocol's own client listens in all its modes while the server is
// restarted, and says how each of them ends.
import { stream } from '@durable-streams/client'

const [url] = process.argv.slice(2)
// A server that is away answers 404 or not at all for a while; giving up at once is no test.
const backoffOptions = { initialDelay: 100, maxDelay: 500, multiplier: 1.5, maxRetries: 100 }

const follow = async (live) => {
  const heard = []
  const response = await stream({ url, offset: '-1', live, json: true, backoffOptions })
  const ended = new Promise((end) => {
    response.subscribeJson(({ items }) => {
      heard.push(...items)
      return Promise.resolve()
    })
    response.closed.then(() => end('closed'), end)
  })
  return { live, heard, ended }
}

const readers = await Promise.all(['long-poll', 'sse'].map(follow))
const first = await stream({ url, offset: '-1', live: false, json: true })
const catchUp = await first.json()
while (readers.some(({ heard }) => heard.length < 3)) await new Promise((r) => setTimeout(r, 20))
console.log('ready')

const statusOf = (error) => error?.status ?? `${error}`
for (const { live, heard, ended } of readers) {
  console.log(`${live}: heard ${heard} told ${statusOf(await ended)}`)
}
// A reader that kept its offset and comes when the channel is there again.
const again = async () => {
  for (;;) {
    try {
      await stream({ url, offset: first.offset, live: false, json: true, backoffOptions })
      return 200
    } catch (error) {
      if (error.status !== 404) return statusOf(error)
    }
  }
}
console.log(`catch-up: heard ${catchUp} told ${await again()}`)
process.exit()
