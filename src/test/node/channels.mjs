// What the suites with clients share: channels of their own, somebody who writes to them, and the
// question whether all of it arrived.
import { randomInt, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, expect, vi } from 'vitest'

export const server = new URL(process.env.SWITCHBOARD_URL)
export const JSON_TYPE = { 'Content-Type': 'application/json' }

export const cleanups = []
afterAll(() => Promise.allSettled(cleanups.map((cleanup) => cleanup())))

export const until = (condition, timeout = 25_000) =>
  vi.waitUntil(condition, { timeout, interval: 2 })

export const oneTo = (n) => Array.from({ length: n }, (_, index) => index + 1)

// More than ASCII, so that a connection is also cut inside a character.
export const message = (n) => ({ n, text: 'zwölf\n€ 😀 '.repeat(n % 4) })

/** Exactly the messages 1 to n: the first loss, repeat or reorder fails and is shown. */
export function expectAll(received, n) {
  const numbers = received.map((one) => one.n)
  const wrong = numbers.findIndex((number, index) => number !== index + 1)
  expect(wrong < 0 ? [] : numbers.slice(Math.max(0, wrong - 2), wrong + 3)).toEqual([])
  expect(numbers.length).toBe(n)
  expect(received).toEqual(oneTo(n).map(message))
}

export const newUrl = () => `${server.href}/channels/clients-${randomUUID()}`

export async function newChannel(url = newUrl(), contentType = 'application/json') {
  const headers = { 'Content-Type': contentType }
  const created = await fetch(url, { method: 'PUT', headers })
  expect(created.status).toBe(201)
  cleanups.push(() => fetch(url, { method: 'DELETE' }))
  return { url, start: created.headers.get('stream-next-offset') }
}

export async function post(url, messages, headers = {}) {
  const body = messages.length ? JSON.stringify(messages) : undefined
  const answer = await fetch(url, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body })
  expect(answer.status).toBe(204)
  return answer.headers.get('stream-next-offset')
}

export const close = (url) => post(url, [], { 'Stream-Closed': 'true' })

/** Appends message 1, 2, 3 … one at a time or a few, until it is told to stop. */
export function publishing(url, paceMillis = 10) {
  return appending(async (appended) => {
    // A pace at which a client that is away for seconds still finds its place in the log.
    await pause(paceMillis)
    const few = oneTo(randomInt(1, 4)).map((k) => message(appended + k))
    await post(url, few)
    return few.length
  })
}

/** Calls what appends, which says how many it were, until it is told to stop. */
export function appending(append) {
  const load = { appended: 0 }
  let going = true
  const run = async () => {
    while (going) {
      load.appended += await append(load.appended)
    }
    return load.appended
  }
  const done = run()
  /** Answers how many there were. */
  load.stop = () => {
    going = false
    return done
  }
  cleanups.push(load.stop)
  return load
}
