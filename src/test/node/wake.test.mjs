// switchboard.js when the network or the page comes back, with what a page has for that: events of the
// window, the document and the connection. One test after the other: all subscriptions hear them.
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { create, end, open as openBest } from '../../main/webapp/js/switchboard.js'
import { cleanups, expectAll, message, newChannel, oneTo, post, publishing, until } from './channels.mjs'
import { viciousProxy } from './proxies.mjs'

const NAMES = ['webSocket', 'eventStream', 'longPoll', 'poll']

/** 2 s are promised from the event until all is here; the rest is for a machine that is busy. */
const BACK_MILLIS = 4_000

/** An event target that knows how many listen. */
class Counted extends EventTarget {
  listeners = new Set()

  addEventListener(type, listener, options) {
    super.addEventListener(type, listener, options)
    this.listeners.add(listener)
    options.signal.addEventListener('abort', () => this.listeners.delete(listener))
  }
}

const page = {
  window: new Counted(),
  document: Object.assign(new Counted(), { visibilityState: 'visible', baseURI: 'http://page.test/' }),
  connection: Object.assign(new Counted(), { type: 'wifi' }),
}
const listeners = () => Object.values(page).reduce((sum, { listeners: { size } }) => sum + size, 0)

const SAYS = {
  online: () => page.window.dispatchEvent(new Event('online')),
  pageshow: () =>
    page.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true })),
  visibilitychange: () => page.document.dispatchEvent(new Event('visibilitychange')),
  resume: () => page.document.dispatchEvent(new Event('resume')),
  'another network': () => {
    page.connection.type = page.connection.type === 'wifi' ? 'cellular' : 'wifi'
    page.connection.dispatchEvent(new Event('change'))
  },
}

beforeEach(() => {
  vi.stubGlobal('addEventListener', page.window.addEventListener.bind(page.window))
  vi.stubGlobal('document', page.document)
  vi.stubGlobal('navigator', { connection: page.connection, languages: ['en'], userAgent: 'test' })
})
afterEach(() => vi.unstubAllGlobals())

function listen(url, options) {
  const heard = { messages: [], statuses: [], wire: [] }
  const onWire = (event) => heard.wire.push(event)
  heard.subscription = openBest(url, { WebSocket, onWire, pollInterval: 60_000, ...options })
  cleanups.push(() => heard.subscription.close())
  heard.subscription.addEventListener('message', ({ data }) => heard.messages.push(data))
  heard.subscription.addEventListener('status', ({ detail }) => heard.statuses.push(detail))
  return heard
}

const isLive = ({ subscription }) => subscription.status === 'live'

/** Until the line is that of a subscription that has nothing to do but wait. */
const isAtRest = (heard) =>
  isLive(heard) && (heard.subscription.transport !== 'longPoll' || heard.wire.at(-1).kind === 'held')

describe.for(Object.keys(SAYS))('when the page is told by %s', (event) => {
  test('lines that are dead are replaced at once, and nothing is lost', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const all = NAMES.map((name) => listen(proxy.through(url), { transports: [name] }))
    await post(url, [message(1)])
    await until(() => all.every((heard) => isAtRest(heard) && heard.messages.length === 1 || heard.subscription.transport === 'poll' && isLive(heard)))
    proxy.freeze()
    await post(url, [message(2)])
    SAYS[event]()
    await until(() => all.every(({ messages }) => messages.length === 2), BACK_MILLIS)
    all.forEach(({ messages }) => expectAll(messages, 2))
    all.forEach(({ subscription }) => subscription.close())
  })
})

describe('when the page is told', () => {
  test('a WebSocket that answers stays, however often', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports: ['webSocket'] })
    await until(() => isLive(heard))
    const frames = (...lines) => heard.wire.filter(({ line }) => lines.includes(line)).length
    Object.values(SAYS).forEach((say) => say())
    await until(() => frames('pong') === 1)
    expect(frames('ping')).toBe(1)
    for (const _ of oneTo(3)) {
      Object.values(SAYS).forEach((say) => say())
      // A heartbeat that comes meanwhile is as good a sign.
      const before = frames('pong', 'hello or heartbeat')
      await until(() => frames('pong', 'hello or heartbeat') > before)
    }
    expect(proxy.seen.upgrades).toBe(1)
    expect(heard.statuses.map(({ status }) => status)).toEqual(['live'])
    heard.subscription.close()
  })

  test('a stream over which something comes meanwhile stays', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports: ['eventStream'] })
    const load = publishing(url, 5)
    await until(() => heard.messages.length > 5)
    SAYS.online()
    const before = heard.messages.length
    await until(() => heard.messages.length > before + 150)
    expect(proxy.seen.requests.length).toBe(1)
    const n = await load.stop()
    await until(() => heard.messages.length === n)
    expectAll(heard.messages, n)
    heard.subscription.close()
  })

  test('a stream that is silent is replaced once, and its listener notices nothing', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const heard = listen(proxy.through(url), { transports: ['eventStream'] })
    await until(() => isLive(heard))
    for (let i = 0; i < 20; i++) {
      Object.values(SAYS).forEach((say) => say())
    }
    await until(() => proxy.seen.requests.length === 2)
    await post(url, [message(1)])
    await until(() => heard.messages.length === 1)
    expect(proxy.seen.requests.length).toBe(2)
    expect(heard.statuses.map(({ status }) => status)).toEqual(['live'])
    heard.subscription.close()
  })

  test('a wait before the next try ends, and one that the server asked for does not', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const backoff = [1_000_000, 1_000_000]
    const heard = listen(proxy.through(url), { transports: ['poll'], pollInterval: 20, backoff })
    await until(() => isLive(heard))
    proxy.vices.isDown = true
    proxy.destroyAll()
    await until(() => heard.subscription.status === 'reconnecting')
    proxy.vices.isDown = false
    SAYS.online()
    await until(() => isLive(heard), BACK_MILLIS)
    proxy.vices.refusal = { status: 503, seconds: 3 }
    await until(() => heard.subscription.status === 'reconnecting')
    const asked = proxy.seen.requests.length
    const refused = performance.now()
    proxy.vices.refusal = undefined
    SAYS.online()
    await until(() => proxy.seen.requests.length > asked || performance.now() > refused + 2_500)
    expect(proxy.seen.requests.length).toBe(asked)
    heard.subscription.close()
  })

  test('only that a page is hidden, or that the network is faster, nothing is checked', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports: ['webSocket'] })
    await until(() => isLive(heard))
    page.document.visibilityState = 'hidden'
    SAYS.visibilitychange()
    page.document.visibilityState = 'visible'
    page.connection.dispatchEvent(new Event('change'))
    page.window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
    // A check that began would be at the server before this is back.
    const other = listen(url, { transports: ['webSocket'] })
    await until(() => isLive(other))
    SAYS.online()
    await until(() => heard.wire.some(({ line }) => line === 'pong'))
    expect(heard.wire.filter(({ line }) => line === 'ping').length).toBe(1)
    heard.subscription.close()
    other.subscription.close()
  })

  test('whoever is closed listens no more', async () => {
    const { url } = await newChannel()
    const before = listeners()
    const all = NAMES.map((name) => listen(url, { transports: [name] }))
    expect(listeners()).toBe(before + 5 * NAMES.length)
    all.forEach(({ subscription }) => subscription.close())
    expect(listeners()).toBe(before)
  })
})

describe('a long poll', () => {
  test('is given up when nothing was heard for the idle timeout, and is not held for longer', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    const options = { transports: ['longPoll'], idleTimeout: 3_000, connectTimeout: 2_000, backoff: [20, 200] }
    const heard = listen(proxy.through(url), options)
    await until(() => isAtRest(heard))
    expect(heard.wire.at(-1).headers.prefer).toBe('wait=1')
    proxy.freeze()
    await post(url, [message(1)])
    await until(() => heard.messages.length === 1, 3_000 + BACK_MILLIS)
    heard.subscription.close()
  })

  test('lets the server decide where its answer is due before that', async () => {
    const { url } = await newChannel()
    const heard = listen(url, { transports: ['longPoll'] })
    await until(() => isAtRest(heard))
    expect(heard.wire.at(-1).headers.prefer).toBeUndefined()
    heard.subscription.close()
  })
})

test('each poll has a signal of its own, which is let go with it', async () => {
  const { url } = await newChannel()
  const signals = []
  const { fetch } = globalThis
  vi.stubGlobal('fetch', (to, how) => {
    signals.push(how.signal)
    return fetch(to, how)
  })
  const heard = listen(url, { transports: ['poll'], pollInterval: 1 })
  await until(() => signals.length > 20)
  heard.subscription.close()
  expect(new Set(signals).size).toBe(signals.length)
  expect(signals.slice(0, 20).every(({ aborted }) => aborted)).toBe(true)
})

describe('a page of another origin', () => {
  const nowhere = async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await until(() => listener.listening)
    const { port } = listener.address()
    await new Promise((closed) => listener.close(closed))
    return `http://127.0.0.1:${port}/switchboard/channels/news`
  }

  test('is told that it may not be allowed, where nothing was ever answered', async () => {
    vi.stubGlobal('location', { origin: 'http://page.test', href: 'http://page.test/' })
    const url = await nowhere()
    const words = /does not allow pages of http:\/\/page\.test .*switchboard\.cors\.origins/
    await expect(create(url)).rejects.toThrow(words)
    await expect(end(url)).rejects.toThrow(words)
    const heard = listen(url, { transports: ['poll'] })
    await expect(heard.subscription.append(1)).rejects.toThrow(words)
    await until(() => heard.statuses.length > 0)
    expect(heard.statuses[0].problem.message).toMatch(words)
    heard.subscription.close()
    const { url: there } = await newChannel()
    const { through } = await viciousProxy({ upgrades: 'refused' })
    const socket = listen(through(there), { transports: ['webSocket'] })
    await until(() => socket.statuses.length > 0)
    expect(socket.statuses[0].problem.message).toMatch(words)
    socket.subscription.close()
  })

  test('is not told so where it was answered before, nor a page of the server itself', async () => {
    const { url } = await newChannel()
    const proxy = await viciousProxy()
    vi.stubGlobal('location', { origin: 'http://page.test', href: 'http://page.test/' })
    const heard = listen(proxy.through(url), { transports: ['poll'], pollInterval: 20 })
    await until(() => isLive(heard))
    proxy.vices.isDown = true
    proxy.destroyAll()
    await until(() => heard.subscription.status === 'reconnecting')
    expect(heard.statuses.at(-1).problem.message).not.toContain('page.test')
    heard.subscription.close()
    const gone = await nowhere()
    vi.stubGlobal('location', { origin: new URL(gone).origin, href: gone })
    await expect(create(gone)).rejects.toThrow(/^The server is not reachable$/)
  })
})
