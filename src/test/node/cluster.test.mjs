// Clients that nobody here wrote, behind a proxy that gives each of their requests to another node; one
// node is killed while they listen.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { stream } from '@durable-streams/client'
import { EventSource } from 'eventsource'
import { expect, test } from 'vitest'
import WebSocket from 'ws'
import { appending, cleanups, expectAll, JSON_TYPE, message, newChannel, until } from './channels.mjs'

const victim = Number(process.env.SWITCHBOARD_VICTIM)
const PATIENCE = 60_000

/** Appends 1, 2, 3 …, each until it is accepted; the producer's numbers keep it from being there twice. */
function publishing(url) {
  const isAccepted = async (n) => {
    const headers = { ...JSON_TYPE, 'Producer-Id': 'p', 'Producer-Epoch': '0', 'Producer-Seq': `${n - 1}` }
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(message(n)) }).catch(() => null)
    return answer?.ok ?? false
  }
  return appending(async (appended) => {
    while (!(await isAccepted(appended + 1))) {
      // Also when it is told to stop: it may be there already.
    }
    return 1
  })
}

function byEventSource(url) {
  const client = { name: 'eventsource', messages: [], connects: 0 }
  const source = new EventSource(url)
  source.addEventListener('open', () => client.connects++)
  source.addEventListener('data', (event) => client.messages.push(...JSON.parse(event.data)))
  cleanups.push(() => source.close())
  return client
}

// It does not connect again by itself: whoever uses it does, with the offset that it was told.
function byWebSocket(url) {
  const client = { name: 'ws', messages: [], connects: 0 }
  let next = '-1'
  let over = false
  const connect = () => {
    const socket = new WebSocket(`${url.replace('http', 'ws')}?offset=${next}`, 'switchboard.v1')
    cleanups.push(() => {
      over = true
      socket.terminate()
    })
    socket.on('open', () => client.connects++)
    socket.on('error', () => {})
    socket.on('close', () => over || connect())
    socket.on('message', (text) => {
      const frame = JSON.parse(text)
      client.messages.push(...(frame.messages ?? []))
      next = frame.next
    })
  }
  connect()
  return client
}

// Its event stream ends with the connection when that breaks inside an event; long polls it repeats by itself.
// Whoever uses it opens it again with the offset that it was told.
function byDurableStreams(live, url) {
  const client = { name: `@durable-streams/client ${live}`, messages: [] }
  const leave = new AbortController()
  cleanups.push(() => leave.abort())
  let offset = '-1'
  const connect = async () => {
    while (!leave.signal.aborted) {
      try {
        const response = await stream({ url, offset, live, signal: leave.signal })
        response.subscribeJson((batch) => {
          client.messages.push(...batch.items)
          offset = batch.offset
        })
        await response.closed
      } catch (error) {
        client.error = error
      }
    }
  }
  connect()
  return client
}

function byCurl(url) {
  const client = { name: 'curl', messages: [], connects: 0 }
  let over = false
  cleanups.push(() => (over = true))
  const run = async () => {
    let next = '-1'
    while (!over) {
      const args = ['-sSk', '--fail', '--max-time', '20', '-D', '-', `${url}?offset=${next}&live=long-poll`]
      const { stdout } = await promisify(execFile)('curl', args).catch(() => ({ stdout: '' }))
      const told = /stream-next-offset: (\S+)/i.exec(stdout)
      if (told) {
        client.connects++
        next = told[1]
        const body = stdout.split('\r\n\r\n').at(-1)
        client.messages.push(...(body ? JSON.parse(body) : []))
      }
    }
  }
  run()
  return client
}

test('all go on at another node when theirs is killed, and miss, repeat and reorder nothing', async () => {
  const { url } = await newChannel()
  const load = publishing(url)
  // Enough of each that some are at the node that is killed.
  const clients = [1, 2, 3, 4].flatMap(() => [
    byEventSource(url),
    byWebSocket(url),
    byDurableStreams('sse', url),
    byDurableStreams('long-poll', url),
    byCurl(url),
  ])
  await until(() => clients.every(({ messages }) => messages.length > 100), PATIENCE)
  process.kill(victim, 'SIGKILL')
  const before = load.appended
  await until(() => load.appended > before + 300, PATIENCE)
  const n = await load.stop()
  const behind = () => clients.filter(({ messages }) => messages.length < n)
  await until(() => behind().length === 0, PATIENCE).catch(() =>
    expect(behind().map(({ name, messages, error }) => [name, messages.length, error])).toEqual([]),
  )
  clients.forEach(({ messages }) => expectAll(messages, n))
  const cutOff = clients.filter(({ name, connects }) => /eventsource|ws/.test(name) && connects > 1)
  expect(cutOff.length).toBeGreaterThan(0)
}, 180_000)
