// switchboard.js, as browsers load it, in Node: over all transports and through bad networks.
import { execFileSync, spawnSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { events } from '../../main/webapp/js/events.js'
import * as eventStream from '../../main/webapp/js/event-stream.js'
import * as longPoll from '../../main/webapp/js/long-poll.js'
import * as poll from '../../main/webapp/js/poll.js'
import { open as openBest, Problem } from '../../main/webapp/js/switchboard.js'
import * as webSocket from '../../main/webapp/js/web-socket.js'
import {
  cleanups, close, expectAll, message, newChannel, newUrl, oneTo, post, publishing, until,
} from './channels.mjs'
import { cuttingProxy, viciousProxy } from './proxies.mjs'

const TRANSPORTS = [webSocket, eventStream, longPoll, poll]
const NAMES = TRANSPORTS.map(({ name }) => name)

// Short, so that the tests are; the longest still bear a machine that has other things to do.
const TIMES = { pollInterval: 20, connectTimeout: 4_000, upgradeInterval: 200, backoff: [20, 200], WebSocket }

function open(url, options) {
  const subscription = openBest(url, { ...TIMES, ...options })
  cleanups.push(() => subscription.close())
  return subscription
}

/** Listens by events; what it heard, in order, and all that was told beside. */
function listen(url, options) {
  const wire = []
  const subscription = open(url, { onWire: (event) => wire.push(event), ...options })
  const heard = { subscription, wire, messages: [], resets: [], statuses: [] }
  subscription.addEventListener('message', ({ data }) => heard.messages.push(data))
  subscription.addEventListener('reset', ({ detail }) => heard.resets.push(detail))
  subscription.addEventListener('status', ({ detail }) => heard.statuses.push(detail))
  return heard
}

const kinds = ({ wire }, ...wanted) => wire.filter(({ kind }) => wanted.includes(kind))

/** All that was published arrives, over the transport that is expected to be left. */
async function expectAllOver(name, url, load, heard) {
  await until(() => heard.subscription.transport === name && heard.subscription.status === 'live')
  const seen = heard.messages.length
  await until(() => heard.messages.length > seen + 50)
  expect(heard.subscription.transport).toBe(name)
  const n = await load.stop()
  await until(() => heard.messages.length >= n || heard.resets.length > 0)
  expect(heard.resets).toEqual([])
  expectAll(heard.messages, n)
  heard.subscription.close()
}

describe.concurrent('a subscription is handed over while messages are published', () => {
  const pairs = NAMES.flatMap((from) => NAMES.map((to) => [from, to]))
  test.for(pairs)('from %s to %s, there and back again', async ([from, to]) => {
    const { url } = await newChannel()
    const load = publishing(url)
    const received = []
    let offset = '-1'
    for (const name of [from, to, from, to, from, to]) {
      const subscription = open(url, { offset, transports: [name] })
      const enough = received.length + randomInt(1, 60)
      for await (const { messages } of subscription.batches()) {
        received.push(...messages)
        if (received.length >= enough) {
          break
        }
      }
      expect(subscription.status).toBe('closed')
      offset = subscription.offset
    }
    const n = await load.stop()
    await close(url)
    // A loop over the rest ends with the channel.
    for await (const one of open(url, { offset, transports: [to] })) {
      received.push(one)
    }
    expectAll(received, n)
  })
})

// The log has room for ten seconds of it: a transport that is silent is left after some.
const PACE = 20

describe.concurrent('the best transport that works', () => {
  test('is the WebSocket where nothing is in the way', async () => {
    const { url } = await newChannel()
    const heard = listen(url)
    await expectAllOver('webSocket', url, publishing(url, PACE), heard)
    expect(heard.statuses.map(({ status }) => status)).toEqual(['live', 'closed'])
  })

  test('is the event stream where a proxy refuses upgrades', async () => {
    const { url } = await newChannel()
    const { through, seen } = await viciousProxy({ upgrades: 'refused' })
    await expectAllOver('eventStream', url, publishing(url, PACE), listen(through(url)))
    expect(seen.upgrades).toBeGreaterThan(0)
  })

  test('is the event stream where a proxy accepts upgrades and delivers nothing', async () => {
    const { url } = await newChannel()
    const { through } = await viciousProxy({ upgrades: 'swallowed' })
    const heard = listen(through(url), { upgradeInterval: 60_000 })
    await expectAllOver('eventStream', url, publishing(url, PACE), heard)
    // It was open, and yet it did not count.
    expect(kinds(heard, 'open').map(({ via }) => via)).toEqual(['webSocket', 'eventStream'])
  })

  test('is the long poll where a proxy also holds event streams back', async () => {
    const { url } = await newChannel()
    const { through } = await viciousProxy({ upgrades: 'refused', streams: 'buffered' })
    const heard = listen(through(url), { upgradeInterval: 60_000 })
    await expectAllOver('longPoll', url, publishing(url, PACE), heard)
  })

  test('is the poll where nothing may take long', async () => {
    const { url } = await newChannel()
    const { through } = await viciousProxy({
      upgrades: 'refused', streams: 'buffered', longPolls: 'refused',
    })
    const heard = listen(through(url), { upgradeInterval: 60_000 })
    await expectAllOver('poll', url, publishing(url, PACE), heard)
  })

  test('is used again, from the same offset, when it works again', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy({ upgrades: 'refused', streams: 'buffered' })
    const load = publishing(url, PACE)
    const heard = listen(proxy.through(url))
    await until(() => heard.subscription.transport === 'longPoll' && heard.messages.length > 50)
    proxy.vices.streams = undefined
    await until(() => heard.subscription.transport === 'eventStream')
    const seen = heard.messages.length
    await until(() => heard.messages.length > seen + 50)
    proxy.vices.upgrades = undefined
    await expectAllOver('webSocket', url, load, heard)
  })

  test('falls and climbs again and again without a loss', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const load = publishing(url, PACE)
    const heard = listen(proxy.through(url))
    for (const upgrades of ['refused', undefined, 'refused', undefined]) {
      proxy.vices.upgrades = upgrades
      proxy.destroyAll()
      const name = upgrades ? 'eventStream' : 'webSocket'
      await until(() => heard.subscription.transport === name && heard.subscription.status === 'live')
      const seen = heard.messages.length
      await until(() => heard.messages.length > seen + 20)
    }
    await expectAllOver('webSocket', url, load, heard)
  })
})

describe.concurrent('what is on the way', () => {
  /** How often a reader who may ask once a minute asks while another asks ten times. */
  async function expectPatience(name, vices) {
    const { url } = await newChannel()
    const { through, seen } = await viciousProxy(vices)
    await post(url, [message(1)]) // before the first poll, which may be the only one for a minute
    const heard = listen(through(url), { transports: [name], pollInterval: 60_000 })
    await until(() => heard.messages.length === 1)
    const other = listen(url, { transports: ['poll'], pollInterval: 50 })
    await until(() => kinds(other, 'empty').length === 10)
    expect(seen.requests.length).toBeLessThan(5)
    heard.subscription.close()
    other.subscription.close()
  }

  test('answers long polls at once with nothing, and is not asked at full speed', async () => {
    await expectPatience('longPoll', { longPolls: 'hurried' })
  })

  test('loses a header, and is not polled at full speed', async () => {
    await expectPatience('poll', { lostHeader: 'stream-up-to-date' })
  })

  test('loses the offset, and is not taken for a channel', async () => {
    const { url } = await newChannel()
    const { through } = await viciousProxy({ lostHeader: 'stream-next-offset' })
    const heard = listen(through(url), { transports: ['poll'] })
    await until(() => heard.statuses.length > 2)
    expect(heard.subscription.offset).toBe('-1')
    expect(heard.statuses[0].problem.message).toContain('no Stream-Next-Offset')
    heard.subscription.close()
  })

  test('gives up on an append, of which then nobody knows whether it is taken', async () => {
    const { url } = await newChannel()
    const { through } = await viciousProxy({ appends: 'unanswered' })
    const heard = listen(through(url), { transports: ['poll'] })
    await expect(heard.subscription.append(message(1))).rejects.toThrow('not known whether the message was accepted')
    await until(() => heard.messages.length === 1)
    heard.subscription.close()
  })

  test.for(['null', '7', '"next"', '[1]', '{"hello":1}', 'no JSON', Buffer.from('{"next":"a"}')])(
    'is another WebSocket, that says %s: then the next transport is used',
    async (said) => {
      const { url } = await newChannel()
      const load = publishing(url)
      class Other extends WebSocket {
        constructor(address, ...more) {
          super(address, ...more)
          this.on('message', () => {})
        }
        emit(event, ...rest) {
          return event === 'message'
            ? super.emit(event, Buffer.from(said), typeof said !== 'string')
            : super.emit(event, ...rest)
        }
      }
      const heard = listen(url, { WebSocket: Other, upgradeInterval: 60_000 })
      await expectAllOver('eventStream', url, load, heard)
    },
  )
})

describe.concurrent.for(NAMES)('a subscription by %s', (name) => {
  const transports = [name]

  test('survives connections that are cut in the midst, again and again', async () => {
    const { url } = await newChannel()
    const proxy = await cuttingProxy(6, 6_000)
    const load = publishing(url)
    const heard = listen(proxy.through(url), { transports })
    await until(() => proxy.cuts === 6)
    await expectAllOver(name, url, load, heard)
  })

  test('survives a proxy that kills connections that are idle', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    proxy.killIdle(250)
    const heard = listen(proxy.through(url), { transports })
    for (const n of oneTo(5)) {
      await post(url, [message(n)])
      await until(() => heard.messages.length === n)
      const asked = proxy.seen.requests.length
      await until(() => proxy.seen.requests.length > asked + 1)
    }
    expectAll(heard.messages, 5)
    expect(heard.resets).toEqual([])
    heard.subscription.close()
  })

  test('notices that nothing is heard any more, and reads on from its offset', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports, idleTimeout: 4_000, wait: 2_000 })
    await post(url, [message(1)])
    await until(() => heard.messages.length === 1)
    proxy.freeze()
    await post(url, [message(2), message(3)])
    await until(() => heard.messages.length === 3)
    expectAll(heard.messages, 3)
    heard.subscription.close()
  })

  test('that begins now misses nothing that is said while it is away', async () => {
    const { url } = await newChannel()
    await post(url, [{ n: 0 }])
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports, offset: 'now' })
    await until(() => heard.subscription.offset !== 'now')
    proxy.vices.isDown = true
    proxy.destroyAll()
    await until(() => heard.subscription.status === 'reconnecting')
    await post(url, [message(1)])
    proxy.vices.isDown = false
    await until(() => heard.messages.length > 0)
    expectAll(heard.messages, 1)
    expect(heard.resets).toEqual([])
    heard.subscription.close()
  })

  test('is told of a gap once, also when it breaks before the next message', async () => {
    const [one, two] = [await newChannel(), await newChannel()]
    const heard = listen(two.url, { transports, offset: one.start })
    await until(() => heard.resets.length)
    heard.subscription.disconnect()
    await until(() => heard.statuses.some(({ status }) => status === 'reconnecting'))
    await post(two.url, [message(1)])
    await until(() => heard.messages.length)
    expect(heard.resets).toEqual([{ reason: 'epoch', next: two.start }])
    heard.subscription.close()
  })

  test('comes again when it is cut from this side', async () => {
    const { url } = await newChannel()
    const load = publishing(url)
    const heard = listen(url, { transports })
    for (const n of oneTo(4)) {
      await until(() => heard.messages.length > 40 * n)
      const told = () => heard.statuses.filter(({ status }) => status === 'reconnecting').length
      const before = told()
      heard.subscription.disconnect()
      await until(() => told() > before)
    }
    await expectAllOver(name, url, load, heard)
  })

  test('is told when another node with another log answers', async () => {
    const [one, two] = [await newChannel(), await newChannel()]
    await post(one.url, oneTo(30).map(message))
    await post(two.url, oneTo(20).map(message))
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(one.url), { transports })
    await until(() => heard.messages.length === 30)
    const nameOf = (url) => url.split('/').at(-1)
    proxy.vices.mapped = (path) => path.replace(nameOf(one.url), nameOf(two.url))
    proxy.destroyAll()
    await until(() => heard.resets.length)
    await until(() => heard.messages.length === 50)
    expect(heard.resets).toEqual([{ reason: 'epoch', next: two.start }])
    expectAll(heard.messages.slice(0, 30), 30)
    expectAll(heard.messages.slice(30), 20)
    heard.subscription.close()
  })

  test('tells a reader that is too slow exactly how many it missed', async () => {
    const { url } = await newChannel()
    const wire = []
    const subscription = open(url, { transports, onWire: (event) => wire.push(event) })
    // The log keeps 1,000. An event stream has many on the way, in the buffers of both machines.
    const pages = name === 'eventStream' ? 40 : 16
    const last = 1 + 100 * pages
    const missed = []
    subscription.addEventListener('reset', ({ detail }) => missed.push(detail.missed))
    await post(url, [message(1)])
    const received = []
    for await (const one of subscription) {
      received.push(one.n)
      if (received.length === 1) {
        for (const start of oneTo(pages)) {
          await post(url, oneTo(100).map((k) => large(1 + (start - 1) * 100 + k)))
        }
      }
      if (one.n === last) {
        break
      }
    }
    const jumps = received.slice(1).map((n, index) => n - received[index] - 1)
    expect(jumps.filter((jump) => jump !== 0)).toEqual(missed)
    expect(missed.length).toBeGreaterThan(0)
    expect(received.at(-1)).toBe(last)
  })

  test('reads nothing ahead of a reader that is busy', async () => {
    const { url } = await newChannel()
    const heard = { wire: [] }
    const subscription = open(url, { transports, onWire: (event) => heard.wire.push(event) })
    await post(url, [large(1)])
    let n = 0
    for await (const one of subscription) {
      expect(one.n).toBe(++n)
      if (n === 1) {
        for (const start of oneTo(9)) {
          await post(url, oneTo(100).map((k) => large(1 + (start - 1) * 100 + k)))
        }
        const inside = () => heard.wire.filter(({ direction }) => direction === 'in')
          .reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)
        await until(() => name !== 'webSocket' || kinds(heard, 'close').length > 0)
        // 900 messages of 8 KiB wait. Of these a WebSocket takes 1 MiB and what was a page over it,
        // the others a page.
        expect(inside()).toBeLessThan(name === 'webSocket' ? 2 << 20 : 1 << 20)
      }
      if (n === 901) {
        break
      }
    }
    expect(n).toBe(901)
  })

  test('stops reading while it is paused', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    await post(url, [message(1)])
    await until(() => heard.messages.length === 1)
    heard.subscription.pause()
    await post(url, oneTo(20).map((n) => message(n + 1)))
    const offset = heard.subscription.offset
    const other = listen(url, { transports })
    await until(() => other.messages.length === 21)
    expect(heard.messages.length).toBe(1)
    expect(heard.subscription.offset).toBe(offset)
    heard.subscription.resume()
    await until(() => heard.messages.length === 21)
    expectAll(heard.messages, 21)
    other.subscription.close()
    heard.subscription.close()
  })

  test('can be closed at any moment of its beginning', async () => {
    const { url } = await newChannel()
    await post(url, [message(1)])
    const { through } = await viciousProxy({ upgrades: 'swallowed', streams: 'buffered' })
    for (const millis of [0, 1, 2, 3, 5, 8, 13, 21, 34]) {
      const heard = listen(through(url), { transports })
      const reading = heard.subscription.batches().next()
      if (millis > 0) {
        await new Promise((resolve) => setTimeout(resolve, millis))
      }
      heard.subscription.close()
      heard.subscription.close()
      const { value } = await reading
      expect(value?.messages ?? []).toEqual(value ? [message(1)] : [])
      const count = heard.wire.length
      expect(heard.subscription.status).toBe('closed')
      expect(heard.statuses.at(-1).status).toBe('closed')
      await until(() => [...byId(heard.wire).values()].every((told) => told.some(isEnd)))
      // At the most how what was begun ends.
      expect(heard.wire.slice(count).filter(({ kind }) => !isEnd(kind))).toEqual([])
    }
  })

  test('ends with the last message of a channel that is closed', async () => {
    const { url } = await newChannel()
    const received = []
    const subscription = open(url, { transports })
    await post(url, [message(1)])
    for await (const one of subscription) {
      received.push(one)
      if (received.length === 1) {
        await post(url, [message(2)], { 'Stream-Closed': 'true' })
      }
    }
    expectAll(received, 2)
    expect(subscription.status).toBe('closed')
  })

  test('is refused at a channel that is not there', async () => {
    const subscription = open(newUrl(), { transports })
    const problem = await subscription.batches().next().catch((error) => error)
    expect(problem).toBeInstanceOf(Problem)
    expect(problem.document).toMatchObject({
      type: 'urn:switchboard:problem:unknown-channel', status: 404,
    })
    expect(subscription.status).toBe('closed')
  })

  test('is refused with an offset that is none, which is quoted', async () => {
    const { url } = await newChannel()
    const subscription = open(url, { transports, offset: 'nonsense' })
    const problem = await subscription.batches().next().catch((error) => error)
    expect(problem.document.type).toBe('urn:switchboard:problem:bad-offset')
    expect(problem.message).toContain('"nonsense"')
  })

  test('waits for a channel that was removed, and is told that the next is another', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    await post(url, [message(1), message(2)])
    await until(() => heard.messages.length === 2)
    await fetch(url, { method: 'DELETE' })
    await until(() => heard.statuses.some(({ problem }) => problem?.document.status === 404))
    const { start } = await newChannel(url)
    await post(url, [message(3)])
    await until(() => heard.messages.length === 3)
    expectAll(heard.messages, 3)
    expect(heard.resets).toEqual([{ reason: 'epoch', next: start }])
    heard.subscription.close()
  })

  test('says so at a channel that holds no JSON', async () => {
    const { url } = await newChannel(newUrl(), 'text/plain')
    await fetch(url, { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: 'hello' })
    const subscription = open(url, { transports })
    const problem = await subscription.batches().next().catch((error) => error)
    expect(problem.document.type).toBe('urn:switchboard:problem:content-type-mismatch')
    expect(problem.message).toContain('hello')
  })

  test('appends, and the answer is the offset behind the message', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    // Before it is connected, and when it is.
    await heard.subscription.append(message(1))
    await until(() => heard.messages.length === 1)
    const next = await heard.subscription.append([message(2), message(3)])
    await until(() => heard.messages.length === 3)
    expectAll(heard.messages, 3)
    expect(heard.subscription.offset).toBe(next)
    const sent = kinds(heard, 'frame').filter(({ direction }) => direction === 'out')
    expect(sent.length).toBe(name === 'webSocket' ? 1 : 0)
    heard.subscription.close()
    await expect(heard.subscription.append(1)).rejects.toThrow('closed')
  })

  test('rejects what cannot be appended with the problem, and goes on', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    await until(() => heard.subscription.status === 'live')
    const append = (value) => heard.subscription.append(value).then(String, ({ document }) => document)
    const circular = {}
    circular.self = circular
    const told = [undefined, circular, 1n, [], 'x'.repeat(1 << 20)].map(append)
    expect(await Promise.all(told)).toMatchObject([
      { type: 'urn:switchboard:problem:bad-message', status: 400 },
      { type: 'urn:switchboard:problem:bad-message', status: 400 },
      { type: 'urn:switchboard:problem:bad-message', status: 400 },
      { type: 'urn:switchboard:problem:empty-body', status: 400 },
      { type: 'urn:switchboard:problem:too-large', status: 413 },
    ])
    await heard.subscription.append(message(1))
    await until(() => heard.messages.length === 1)
    expectAll(heard.messages, 1)
    heard.subscription.close()
  })

  test('rejects an append at once where the connection is lost before the answer', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports })
    await until(() => heard.subscription.status === 'live')
    proxy.freeze()
    proxy.vices.appends = 'unanswered'
    const append = heard.subscription.append(message(1)).catch((problem) => problem.message)
    heard.subscription.disconnect()
    // A frame's fate is sealed with its connection; a POST has one of its own.
    const again = () => heard.statuses.filter(({ status }) => status === 'live').length > 1
    const later = name === 'webSocket' ? until(again) : new Promise(() => {})
    expect(await Promise.race([append, later])).toContain('not known whether the message was accepted')
    heard.subscription.close()
  })

  test('finishes an append that is under way when it is closed', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    await until(() => heard.subscription.status === 'live')
    const append = heard.subscription.append(message(1))
    heard.subscription.close()
    const { headers } = await append.then(() => fetch(url, { method: 'HEAD' }))
    expect(await append).toBe(headers.get('stream-next-offset'))
  })

  test('rejects an append to a channel that was removed', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports })
    await until(() => heard.subscription.status === 'live')
    await fetch(url, { method: 'DELETE' })
    await until(() => heard.subscription.status === 'reconnecting')
    const problem = await heard.subscription.append(1).catch((error) => error)
    expect(problem.document).toMatchObject({
      type: 'urn:switchboard:problem:unknown-channel', status: 404,
    })
    heard.subscription.close()
  })

  test('tells its observer each exchange from its beginning to its end', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports })
    for (const n of oneTo(3)) {
      await post(url, [message(n)])
      await until(() => heard.messages.length === n)
    }
    heard.subscription.close()
    await until(() => [...byId(heard.wire).values()].every((told) => isEnd(told.at(-1))))
    const begun = kinds(heard, 'request', 'held', 'upgrade').length
    expect(begun).toBe(proxy.seen.requests.length)
    for (const told of byId(heard.wire).values()) {
      expect(['request', 'held', 'upgrade']).toContain(told[0].kind)
      expect(told.filter(isEnd).length).toBeGreaterThan(0)
      told.forEach((event) => expect(event).toMatchObject({ via: name, bytes: expect.any(Number) }))
    }
    const carried = heard.wire.reduce((sum, { messages = 0 }) => sum + messages, 0)
    expect(carried).toBe(3)
  })
})

describe.concurrent('what is told to an observer', () => {
  test.for(NAMES)('counts the bytes that the proxy counts, by %s', async (name) => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports: [name] })
    await until(() => heard.subscription.status === 'live')
    for (const n of oneTo(3)) {
      await heard.subscription.append(message(n))
      await until(() => heard.messages.length === n)
    }
    await heard.subscription.append({ n: 4, text: 'é'.repeat(200) })
    await until(() => heard.messages.length === 4)
    heard.subscription.pause()
    // Frames with their headers; of HTTP what is no header, which nobody here can see.
    const counted = (direction) => heard.wire
      .filter((event) => event.direction === direction)
      .reduce((sum, { kind, bytes, bodyBytes }) => sum + (kind === 'frame' ? bytes : bodyBytes), 0)
    await until(() => counted('in') === proxy.seen.bytesDown)
    expect(counted('out')).toBe(proxy.seen.bytesUp)
    expect(counted('out')).toBeGreaterThan(4)
    const measured = new Set(heard.wire.filter((one) => one.measured).map(({ kind }) => kind))
    expect([...measured].every((kind) => ['event', 'comment'].includes(kind))).toBe(true)
    heard.subscription.close()
  })

  test('shows the headers that the caller gave, and a problem', async () => {
    const heard = listen(newUrl(), { transports: ['poll'], headers: { 'X-Who': 'ann' } })
    await until(() => heard.subscription.status === 'closed')
    const [asked, answered] = heard.wire
    expect(asked).toMatchObject({ direction: 'out', kind: 'request', headers: { 'x-who': 'ann' } })
    expect(answered).toMatchObject({ direction: 'in', kind: 'problem', line: /^404/, id: asked.id })
  })
})

describe.concurrent('headers', () => {
  test('are asked for anew for each request, and leave the platform\'s WebSocket out', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    let asked = 0
    const headers = async () => ({ 'X-Token': `t${++asked}` })
    const heard = listen(proxy.through(url), { headers, WebSocket: globalThis.WebSocket })
    expect(heard.subscription.transport).toBe('eventStream')
    await until(() => heard.subscription.status === 'live')
    await heard.subscription.append(message(1))
    await until(() => heard.messages.length === 1)
    expect(proxy.seen.requests.map((one) => one.headers['x-token'])).toEqual(['t1', 't2'])
    heard.subscription.close()
  })

  test('are sent with an upgrade by a WebSocket that can', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { headers: { 'X-Token': 't' } })
    await until(() => heard.subscription.status === 'live')
    expect(heard.subscription.transport).toBe('webSocket')
    expect(proxy.seen.requests.map((one) => one.headers['x-token'])).toEqual(['t'])
    heard.subscription.close()
  })
})

describe('open', () => {
  const url = newUrl()
  const refused = [
    [{ transports: ['sse'] }, 'transport "sse": not one of webSocket, eventStream, longPoll, poll'],
    [{ transports: [] }, 'name at least one of webSocket'],
    [{ transports: ['webSocket'], WebSocket: undefined, headers: {} }, 'no WebSocket that can send headers'],
    [{ pollInterval: -5 }, 'pollInterval -5: a number of milliseconds'],
    [{ pollInterval: '2000' }, 'pollInterval "2000"'],
    [{ wait: Infinity }, 'wait Infinity'],
    [{ idleTimeout: 0 }, 'idleTimeout 0'],
    [{ connectTimeout: NaN }, 'connectTimeout NaN'],
    [{ pollinterval: 1_000 }, 'option "pollinterval": there is no such option; did you mean pollInterval?'],
    [{ idle_timeout: 1_000 }, 'option "idle_timeout": there is no such option; did you mean idleTimeout?'],
    [{ lastEventId: '7' }, 'option "lastEventId": there is no such option; did you mean offset?'],
    [{ colour: undefined }, 'option "colour": there is no such option; there are offset, transports, headers,'],
    ['?offset=1', 'option "0": there is no such option; there are offset'],
    [{ backoff: [10] }, 'backoff undefined'],
    [{ offset: 7 }, 'offset 7: a string is required'],
    [{ offset: '' }, 'offset ""'],
  ]
  test.for(refused)('refuses %o', ([options, words]) => {
    expect(() => openBest(url, { WebSocket, ...options })).toThrow(words)
  })

  test.for(['channels/news', 'ftp://localhost/news', 'ws://localhost/news'])(
    'refuses the URL %s, and quotes it',
    (bad) => expect(() => openBest(bad)).toThrow(bad.startsWith('c') ? /URL/ : bad),
  )

  test('uses the platform\'s WebSocket where there is one, else begins with the event stream', () => {
    const subscription = openBest(url)
    expect(subscription.transport).toBe(globalThis.WebSocket ? 'webSocket' : 'eventStream')
    subscription.close()
  })

  test('ends by a signal, also one that was aborted before', async () => {
    const { url } = await newChannel()
    const controller = new AbortController()
    const heard = listen(url, { signal: controller.signal })
    await until(() => heard.subscription.status === 'live')
    controller.abort()
    expect(heard.subscription.status).toBe('closed')
    const late = listen(url, { signal: controller.signal })
    expect(await late.subscription.batches().next()).toEqual({ done: true, value: undefined })
    expect(late.wire).toEqual([])
  })

  test('reports what an observer throws, and goes on', async () => {
    const { url } = await newChannel()
    await post(url, [message(1)])
    const others = process.listeners('uncaughtException')
    const reported = []
    process.removeAllListeners('uncaughtException')
    process.on('uncaughtException', ({ message }) => reported.push(message))
    const onWire = ({ kind }) => {
      if (['request', 'response'].includes(kind)) {
        throw new Error(`mine, at the ${kind}`)
      }
    }
    const subscription = open(url, { transports: ['poll'], pollInterval: 60_000, onWire })
    const { value } = await subscription.batches().next()
    await until(() => reported.length === 2)
    subscription.close()
    process.removeAllListeners('uncaughtException')
    others.forEach((listener) => process.on('uncaughtException', listener))
    expect(value.messages).toEqual([message(1)])
    expect(reported).toEqual(['mine, at the request', 'mine, at the response'])
  })

  test('can be iterated once', async () => {
    const { url } = await newChannel()
    await post(url, [message(1), message(2)])
    const subscription = open(url)
    const loop = subscription.batches()
    await loop.next()
    await expect(subscription.batches().next()).rejects.toThrow('iterated only once')
    await loop.return()
    expect(subscription.status).toBe('closed')
  })

  test('tells an offset that gives what was not taken, wherever a loop was left', async () => {
    const { url, start } = await newChannel()
    await post(url, oneTo(3).map(message))
    const offsets = []
    for await (const one of open(url, { offset: start, transports: ['poll'] })) {
      offsets.push([one.n, one])
      if (one.n === 3) {
        break
      }
    }
    expect(offsets.length).toBe(3)
    const leave = async (n) => {
      const subscription = open(url, { offset: start, transports: ['poll'] })
      for await (const one of subscription) {
        if (one.n === n) {
          break
        }
      }
      return subscription.offset
    }
    expect(await leave(2)).toBe(start)
    const end = (await fetch(url, { method: 'HEAD' })).headers.get('stream-next-offset')
    expect(await leave(3)).toBe(end)
  })
})

describe('server-sent events', () => {
  const text = [
    '\ufeffretry: 1281', '', ': a comment', '', 'event: data', 'data:[1,', 'data: 2]', 'id: a_1', '',
    'data', '', 'event: control', 'data:{"é":"😀\u2028"}', 'id', '', 'event: nothing', '', 'event: cut',
    'data: never', '',
  ]
  const expected = [
    { type: '', data: '', retry: 1281 },
    { type: '', data: '' },
    { type: 'data', data: '[1,\n2]', id: 'a_1' },
    { type: 'message', data: '' },
    { type: 'control', data: '{"é":"😀\u2028"}', id: '' },
    { type: '', data: '' },
  ]
  test.for([['LF', '\n'], ['CR', '\r'], ['CR LF', '\r\n']])(
    'are the same wherever they are cut, with %s',
    async ([, lineBreak]) => {
      const bytes = new TextEncoder().encode(text.join(lineBreak))
      for (let cut = 0; cut <= bytes.length; cut++) {
        const read = []
        const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)]
        for await (const { text: _, ...event } of events(chunks)) {
          read.push(event)
        }
        expect(read).toEqual(expected)
      }
    },
  )
})

describe('the package', () => {
  const js = fileURLToPath(new URL('../../main/webapp/js', import.meta.url))

  test('has types that agree', () => {
    const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', import.meta.url))
    const project = fileURLToPath(new URL('tsconfig.json', import.meta.url))
    const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', project])
    expect(stdout.toString()).toBe('')
    expect(status).toBe(0)
  })

  test('has a page that names each option, each of which has a type', () => {
    const names = (text, pattern) => [...text.matchAll(pattern)].map(([, name]) => name)
    const source = readFileSync(join(js, 'options.js'), 'utf8')
    const page = readFileSync(new URL('../../../docs/reference/switchboard-js.md', import.meta.url), 'utf8')
    const [, section] = page.match(/## Options\n([^]*?)\n## /)
    const typed = names(source, /@property \{[^]*?\}\s*(?:\*\s*)?\[(\w+)\]/g)
    expect(names(section, /^\| `(\w+)` \|/gm)).toEqual(typed)
    expect(typed.length).toBeGreaterThan(10)
  })

  test('can be installed as a folder, and each of its entries be imported', () => {
    const project = mkdtempSync(join(tmpdir(), 'switchboard-'))
    cleanups.push(() => rmSync(project, { recursive: true }))
    mkdirSync(join(project, 'node_modules'))
    symlinkSync(js, join(project, 'node_modules', 'switchboard.js'), 'dir')
    const entries = ['', '/web-socket', '/event-stream', '/long-poll', '/poll']
    const imports = entries.map(
      (entry, index) => `import { open as open${index} } from 'switchboard.js${entry}'`)
    const program = `${imports.join('\n')}\nconsole.log(typeof open0, typeof open4)`
    writeFileSync(join(project, 'main.mjs'), program)
    const printed = execFileSync(process.execPath, [join(project, 'main.mjs')])
    expect(printed.toString().trim()).toBe('function function')
  })
})

// A page of 100 of these is 800 KB, more than sockets buffer; of 1,000 the log's 16 MiB.
const large = (n) => ({ n, text: 'x'.repeat(8_000) })

const ENDS = ['response', 'empty', 'problem', 'close', 'error', 'abort']
const isEnd = (event) => ENDS.includes(event.kind ?? event)

function byId(wire) {
  const exchanges = new Map()
  wire.forEach((event) => exchanges.set(event.id, [...(exchanges.get(event.id) ?? []), event]))
  return exchanges
}
