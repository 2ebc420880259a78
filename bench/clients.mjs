// Clients of all kinds, as somebody would write them: each comes again by itself, says what it hears, and when it is
// told that something is missing. `hear(message)`, `tell()`; what is returned ends it.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'

const bench = dirname(fileURLToPath(import.meta.url))
const require = createRequire(join(bench, 'peers/clients/package.json'))
const load = name => import(pathToFileURL(require.resolve(name)).href)
const pause = millis => new Promise(resolve => setTimeout(resolve, millis))

async function switchboardJs(url, { hear, tell }, transports) {
  const { open } = await import(join(bench, '../src/main/webapp/js/switchboard.js'))
  const { default: WebSocket } = await load('ws')
  const subscription = open(url, { WebSocket, pollInterval: 500, ...(transports ? { transports: [transports] } : {}) })
  subscription.addEventListener('message', event => hear(event.data))
  subscription.addEventListener('reset', tell)
  return () => subscription.close()
}

async function eventSource(url, { hear, tell }) {
  const { EventSource } = await load('eventsource')
  const source = new EventSource(`${url}?offset=-1`)
  source.addEventListener('data', event => JSON.parse(event.data).forEach(hear))
  source.addEventListener('reset', tell)
  return () => source.close()
}

async function ws(url, { hear, tell }) {
  const { default: WebSocket } = await load('ws')
  let offset = '-1'
  let isOver = false
  let socket
  const open = () => {
    if (isOver) return
    socket = new WebSocket(`${url.replace('http', 'ws')}?offset=${offset}`, 'switchboard.v1', { handshakeTimeout: 4000 })
    socket.on('message', text => {
      const { next, messages = [], reset } = JSON.parse(text)
      if (reset) tell()
      messages.forEach(hear)
      offset = next ?? offset
    })
    socket.on('error', () => {})
    socket.on('close', () => setTimeout(open, 100))
  }
  open()
  return () => { isOver = true; socket.terminate() }
}

// A loop of requests; `once` returns the next offset.
function loop(once, waitMillis) {
  let isOver = false
  const ending = new AbortController()
  const run = async () => {
    let offset = '-1'
    while (!isOver) {
      try {
        offset = await once(offset, AbortSignal.any([ending.signal, AbortSignal.timeout(30_000)])) ?? offset
        await pause(waitMillis)
      } catch {
        await pause(100) // the line broke, or the server is away
      }
    }
  }
  run()
  return () => { isOver = true; ending.abort() }
}

async function page(response, { hear, tell }) {
  const next = response.headers.get('Stream-Next-Offset')
  if (response.status === 410) {
    tell()
    return next
  }
  if (response.status === 204) return next
  if (!response.ok) throw new Error(response.status)
  JSON.parse(await response.text()).forEach(hear)
  return next
}

const longPoll = (url, told) => loop(async (offset, signal) =>
  page(await fetch(`${url}?live=long-poll&offset=${offset}`, { signal, headers: { Prefer: 'wait=20' } }), told), 0)

const poll = (url, told) => loop(async (offset, signal) => page(await fetch(`${url}?offset=${offset}`, { signal }), told), 500)

const streamByHand = (url, { hear, tell }) => {
  let at = '-1'
  return loop(async (_, signal) => {
    const response = await fetch(`${url}?offset=${at}`, { signal, headers: { Accept: 'text/event-stream' } })
    if (!response.ok) throw new Error(response.status)
    let text = ''
    for await (const part of response.body.pipeThrough(new TextDecoderStream())) {
      text += part
      let end
      while ((end = text.indexOf('\n\n')) >= 0) {
        const fields = Object.fromEntries(text.slice(0, end).split('\n').map(line => /^([^:]*):? ?(.*)$/s.exec(line).slice(1)))
        text = text.slice(end + 2)
        if (fields.event === 'data') JSON.parse(fields.data).forEach(hear)
        if (fields.event === 'reset') tell()
        if (fields.id) at = fields.id
      }
    }
  }, 0)
}

async function socketIo(url, { hear, tell }, transports) {
  const { io } = await load('socket.io-client')
  const socket = io(url, { transports, query: { ch: '1' }, forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 2000 })
  let hasBeen = false
  socket.on('connect', () => {
    if (hasBeen && !socket.recovered) tell()
    hasBeen = true
  })
  socket.on('m', hear)
  return () => socket.close()
}

// It puts a browser's globals into Node, and so has a thread of its own.
async function cometD(url, { hear, tell }, transport) {
  const worker = new Worker(join(bench, 'cometd-client.mjs'), { workerData: { url, transport } })
  worker.on('message', message => (message === 'told' ? tell() : hear(message)))
  await new Promise(resolve => worker.once('message', resolve)) // subscribed
  return () => worker.terminate()
}

/** Name, and what starts one: of a Switchboard. */
export const own = {
  'switchboard.js, all four': switchboardJs,
  '… WebSocket': (url, told) => switchboardJs(url, told, 'webSocket'),
  '… event stream': (url, told) => switchboardJs(url, told, 'eventStream'),
  '… long poll': (url, told) => switchboardJs(url, told, 'longPoll'),
  '… poll, 0.5 s': (url, told) => switchboardJs(url, told, 'poll'),
  'EventSource (npm)': eventSource,
  '`ws` with `?offset=`': ws,
  'long-poll loop': longPoll,
  'poll loop, 0.5 s': poll,
  'event stream by hand': streamByHand,
}

/** The same of others: which server, and what starts one. */
export const peers = {
  'Socket.IO polling → websocket, recovery on': ['Socket.IO', (url, told) => socketIo(url, told, ['polling', 'websocket'])],
  'Socket.IO websocket, recovery on': ['Socket.IO', (url, told) => socketIo(url, told, ['websocket'])],
  'Socket.IO polling, recovery on': ['Socket.IO', (url, told) => socketIo(url, told, ['polling'])],
  'CometD long polling, acknowledged': ['CometD', (url, told) => cometD(`${url}/cometd`, told, 'long-polling')],
  'CometD websocket, acknowledged': ['CometD', (url, told) => cometD(`${url}/ws/cometd`, told, 'websocket')],
}
