// Clients that nobody here wrote, as their packages ship them, on channels that are written to.
import { randomInt } from 'node:crypto'
import { DurableStream, IdempotentProducer, stream } from '@durable-streams/client'
import { EventSource } from 'eventsource'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import {
  cleanups, close, expectAll, message, newChannel, newUrl, oneTo, post, publishing, until,
} from './channels.mjs'
import { cuttingProxy } from './proxies.mjs'

const SUBPROTOCOL = 'switchboard.v1'

function eventSource(url) {
  const client = { messages: [], next: undefined, source: new EventSource(url) }
  client.source.addEventListener('data', (event) => {
    client.messages.push(...JSON.parse(event.data))
    client.next = event.lastEventId
  })
  cleanups.push(() => client.source.close())
  return client
}

function webSocket(url, protocols = SUBPROTOCOL) {
  const socket = new WebSocket(url.replace('http', 'ws'), protocols)
  const client = { socket, frames: [], answers: [], messages: [], next: undefined, pings: 0 }
  socket.on('message', (text) => {
    const frame = JSON.parse(text)
    client.frames.push(frame)
    if ('id' in frame) {
      client.answers.push(frame)
    } else {
      client.messages.push(...(frame.messages ?? []))
      client.next = frame.next
    }
  })
  socket.on('ping', () => client.pings++)
  socket.on('close', (code, reason) => (client.closed = { code, reason: reason.toString() }))
  socket.on('error', (error) => (client.error = error))
  cleanups.push(() => socket.terminate())
  client.command = (command) => socket.send(JSON.stringify(command))
  return client
}

// Each reads on at `offset` until it has `count` messages or more, and leaves without a word.
// What comes after that is not its own any more: the next one gets it.

async function readByWebSocket(url, offset, count) {
  const client = webSocket(`${url}?offset=${offset}`)
  await until(() => client.messages.length >= count)
  client.socket.terminate()
  return { messages: [...client.messages], next: client.next }
}

async function readByEventSource(url, offset, count) {
  const client = eventSource(`${url}?offset=${offset}`)
  await until(() => client.messages.length >= count)
  client.source.close()
  return { messages: [...client.messages], next: client.next }
}

const readByDurableStreams = (live) => async (url, offset, count) => {
  const messages = []
  const response = await stream({ url, offset, live })
  const next = await new Promise((resolve, reject) => {
    const unsubscribe = response.subscribeJson((batch) => {
      messages.push(...batch.items)
      if (messages.length >= count) {
        unsubscribe()
        resolve(batch.offset)
      }
    })
    response.closed.then(() => reject(new Error('the stream ended')), reject)
  })
  return { messages, next }
}

/** One reader after the other, while messages are being appended; the last reads to the end. */
async function expectHandedOver(readers) {
  const { url } = await newChannel()
  const load = publishing(url)
  const received = []
  let offset = '-1'
  const handOver = async (read, count) => {
    const { messages, next } = await read(url, offset, count)
    received.push(...messages)
    offset = next
  }
  for (const read of readers.slice(0, -1)) {
    await handOver(read, randomInt(1, 100))
  }
  const n = await load.stop()
  if (n > received.length) {
    await handOver(readers.at(-1), n - received.length)
  }
  expectAll(received, n)
  const rest = await fetch(`${url}?offset=${offset}`)
  expect(await rest.json()).toEqual([])
}

// At once, because some mostly wait: for a ping, or to come again.
describe.concurrent('a silent client', () => {
  test('answers the pings of the server, which therefore keeps a silent client', async () => {
    const { url } = await newChannel()
    const client = webSocket(url)
    const opened = Date.now()
    await until(() => client.pings === 1)
    const pingAfter = Date.now() - opened
    if (pingAfter < 8_000) {
      // There is a second ping only where the first was answered.
      await until(() => client.pings === 2)
    }
    await post(url, [message(1)])
    await until(() => client.messages.length)
    expectAll(client.messages, 1)
    expect(client.closed).toBeUndefined()
  })
})

describe.concurrent('eventsource', () => {
  test('resumes by itself when its connection is cut, again and again, in the midst', async () => {
    const { url } = await newChannel()
    const proxy = await cuttingProxy(4, 20_000)
    const load = publishing(url)
    const client = eventSource(proxy.through(url))
    await until(() => proxy.cuts === 4)
    const seen = client.messages.length
    await until(() => client.messages.length > seen + 100)
    const n = await load.stop()
    await until(() => client.messages.length >= n)
    expectAll(client.messages, n)
  })

  test('receives what is there and what comes, in order', async () => {
    const { url } = await newChannel()
    const load = publishing(url)
    await until(() => load.appended > 50)
    const client = eventSource(url)
    await until(() => client.messages.length > 200)
    const n = await load.stop()
    await until(() => client.messages.length >= n)
    expectAll(client.messages, n)
  })

  test('is open before there is a message', async () => {
    const { url } = await newChannel()
    const client = eventSource(url)
    await until(() => client.source.readyState === EventSource.OPEN)
    await post(url, [message(1)])
    await until(() => client.messages.length)
    expectAll(client.messages, 1)
  })

  test('gives up at a channel that does not exist, and when its channel is deleted', async () => {
    const { url } = await newChannel()
    const errors = []
    for (const one of [url, newUrl()]) {
      const { source } = eventSource(one)
      source.addEventListener('error', (event) => errors.push(event.code))
      await until(() => source.readyState !== EventSource.CONNECTING)
      if (one === url) {
        await fetch(url, { method: 'DELETE' })
      }
      await until(() => source.readyState === EventSource.CLOSED)
    }
    // The first ends, comes again and is told; the second is told at once.
    expect(errors).toEqual([undefined, 404, 404])
  })
})

describe.concurrent('ws', () => {
  test('is told the offset first and then the messages, in order', async () => {
    const { url, start } = await newChannel()
    const load = publishing(url)
    await until(() => load.appended > 50)
    const client = webSocket(url)
    await until(() => client.messages.length > 200)
    const n = await load.stop()
    await until(() => client.messages.length >= n)
    expect(client.frames[0]).toEqual({ next: start })
    expectAll(client.messages, n)
  })

  test('is told the end first where it asks for what comes from now on', async () => {
    const { url } = await newChannel()
    const end = await post(url, [message(1)])
    const client = webSocket(`${url}?offset=now`)
    await until(() => client.frames.length)
    const next = await post(url, [message(2)])
    await until(() => client.frames.length > 1)
    expect(client.frames).toEqual([{ next: end }, { next, messages: [message(2)] }])
  })

  test('agrees on the subprotocol, and does without one', async () => {
    const { url } = await newChannel()
    const protocols = [[], [SUBPROTOCOL], ['another.v1', SUBPROTOCOL]]
    const clients = protocols.map((offered) => webSocket(url, offered))
    await until(() => clients.every(({ frames }) => frames.length))
    expect(clients.map(({ socket }) => socket.protocol)).toEqual(['', SUBPROTOCOL, SUBPROTOCOL])
    await post(url, [message(1)])
    await until(() => clients.every(({ messages }) => messages.length))
    clients.forEach(({ messages }) => expectAll(messages, 1))
  })

  test('appends by command and is answered', async () => {
    const { url } = await newChannel()
    const client = webSocket(url)
    await until(() => client.frames.length)
    client.command({ id: 7, append: message(1) })
    await until(() => client.answers.length === 1 && client.messages.length === 1)
    expect(client.answers).toEqual([{ id: 7, next: client.next }])
    client.command({ append: message(2) }) // not to be answered
    client.command({ id: 'a', append: [message(3), message(4)] })
    await until(() => client.answers.length === 2 && client.messages.length === 4)
    expect(client.answers[1]).toEqual({ id: 'a', next: client.next })
    client.command({ id: 8, append: [] })
    await until(() => client.answers.length === 3)
    expect(client.answers[2]).toMatchObject({ id: 8, error: { status: 400 } })
    client.command({ id: 9, append: message(5) })
    await until(() => client.answers.length === 4 && client.messages.length === 5)
    expectAll(client.messages, 5)
  })

  test('appends at full speed, and each command is answered in order', async () => {
    const { url } = await newChannel()
    const client = webSocket(url)
    await until(() => client.frames.length)
    oneTo(3_000).forEach((id) => client.command({ id, append: message(id) }))
    await until(() => client.closed || client.messages.length + client.answers.length >= 6_000)
    expect(client.closed).toBeUndefined()
    expect(client.answers.map(({ id }) => id)).toEqual(oneTo(3_000))
    expectAll(client.messages, 3_000)
  })

  test('closes by handshake', async () => {
    const { url } = await newChannel()
    const client = webSocket(url)
    await until(() => client.frames.length)
    client.socket.close(1000)
    await until(() => client.closed)
    expect(client.closed.code).toBe(1000)
    expect(client.error).toBeUndefined()
  })

  test('is told that the channel is closed, after its last message', async () => {
    const { url, start } = await newChannel()
    const client = webSocket(url)
    await until(() => client.frames.length)
    const next = await post(url, [message(1)], { 'Stream-Closed': 'true' })
    await until(() => client.closed)
    expect(client.frames).toEqual([
      { next: start },
      { next, messages: [message(1)] },
      { next, closed: true },
    ])
    expect(client.closed).toEqual({ code: 1000, reason: 'channel-closed' })
  })

  test('reads on at the offset it has after it broke off, again and again', async () => {
    await expectHandedOver(Array(8).fill(readByWebSocket))
  })
})

describe.concurrent('@durable-streams/client', () => {
  test('creates, appends and catches up over several pages', async () => {
    const url = newUrl()
    const handle = await DurableStream.create({ url, contentType: 'application/json' })
    cleanups.push(() => handle.delete())
    // Those that are appended while a request is under way go together with the next.
    await Promise.all(oneTo(900).map((n) => handle.append(JSON.stringify(message(n)))))
    const response = await handle.stream()
    expectAll(await response.json(), 900)
    expect(response.offset).toBe((await handle.head()).offset)
  })

  test('polls page after page', async () => {
    const { url } = await newChannel()
    const all = oneTo(900).map(message)
    const end = await post(url, all)
    const received = []
    let page = { offset: '-1', upToDate: false }
    while (!page.upToDate) {
      // Without live this client asks once and leaves it to its user to ask on.
      page = await stream({ url, offset: page.offset, live: false })
      received.push(...(await page.json()))
    }
    expectAll(received, 900)
    expect(page.offset).toBe(end)
  })

  test('appends by a producer with several requests under way, in order', async () => {
    const { url } = await newChannel()
    await expectProduced(url, fetch)
  })

  test('appends by a producer whose requests are cut and repeated, nothing twice', async () => {
    const { url } = await newChannel()
    const proxy = await cuttingProxy(8, 1_500)
    const persistent = (...request) => fetch(...request).catch(() => persistent(...request))
    await expectProduced(url, persistent, proxy)
    expect(proxy.cuts).toBe(8)
  })

  async function expectProduced(url, fetch, proxy = { through: (same) => same }) {
    const handle = await DurableStream.connect({ url })
    const errors = []
    const producer = new IdempotentProducer(
      new DurableStream({ url: proxy.through(url), contentType: handle.contentType }),
      'producer',
      { fetch, maxBatchBytes: 200, onError: (error) => errors.push(error) },
    )
    oneTo(800).forEach((n) => producer.append(JSON.stringify(message(n))))
    await producer.flush()
    expect(errors).toEqual([])
    await handle.close()
    const response = await handle.stream()
    expectAll(await response.json(), 800)
  }

  test.for([true, 'long-poll', 'sse'])(
    'follows live (%s) until the channel is closed, in order',
    async (live) => {
      const { url } = await newChannel()
      const load = publishing(url)
      const received = []
      let n
      const response = await stream({ url, live })
      for await (const one of response.jsonStream()) {
        received.push(one)
        if (received.length === 300) {
          n = load.stop().then((count) => close(url).then(() => count))
        }
      }
      expect(response.streamClosed).toBe(true)
      expectAll(received, await n)
    },
  )

  test.for([true, 'long-poll', 'sse'])(
    'reads on (%s) at the offset it saved, again and again',
    async (live) => {
      await expectHandedOver(Array(8).fill(readByDurableStreams(live)))
    },
  )

  test.for(['long-poll', 'sse'])(
    'waits (%s) at the end of a channel that is closed only then',
    async (live) => {
      const { url } = await newChannel()
      const response = await stream({ url, live })
      const received = []
      const ended = (async () => {
        for await (const one of response.jsonStream()) {
          received.push(one)
        }
      })()
      await post(url, [message(1)])
      await until(() => received.length)
      await close(url)
      await ended
      expectAll(received, 1)
    },
  )
})

describe.concurrent('a client of one kind reads on where one of another kind left off', () => {
  const kinds = {
    'ws, eventsource, @durable-streams/client': [
      readByWebSocket,
      readByEventSource,
      readByDurableStreams('sse'),
    ],
    '@durable-streams/client, eventsource, ws': [
      readByDurableStreams('long-poll'),
      readByEventSource,
      readByWebSocket,
    ],
  }
  test.for(Object.entries(kinds))('%s, three times over', async ([, readers]) => {
    await expectHandedOver([...readers, ...readers, ...readers])
  })
})
