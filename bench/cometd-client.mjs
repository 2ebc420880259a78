// A CometD client with acknowledged messages, in a thread of its own: posts what it hears, 'told' when its session was
// lost and another one begins, and 'subscribed' once.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parentPort, workerData } from 'node:worker_threads'

const require = createRequire(join(dirname(fileURLToPath(import.meta.url)), 'peers/clients/package.json'))
const load = name => import(pathToFileURL(require.resolve(name)).href)
const { adapt } = await load('cometd-nodejs-client')
adapt()
const { AckExtension, CometD } = await load('cometd')

const client = new CometD()
for (const name of client.getTransportTypes()) if (name !== workerData.transport) client.unregisterTransport(name)
client.registerExtension('ack', new AckExtension())
client.configure({ url: workerData.url, backoffIncrement: 200, maxBackoff: 2000, maxNetworkDelay: 5000, logLevel: 'error' })
let hasBeen = false
client.addListener('/meta/handshake', ({ successful }) => {
  if (!successful) return
  if (hasBeen) parentPort.postMessage('told')
  client.subscribe('/b/1', ({ data }) => parentPort.postMessage(data), () => {
    if (!hasBeen) parentPort.postMessage('subscribed')
    hasBeen = true
  })
})
client.handshake()
