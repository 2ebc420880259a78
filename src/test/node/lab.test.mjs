// The page's own modules that need no browser: what it keeps, counts and says.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import en from '../../main/webapp/lab/en.js'
import { kept, spans } from '../../main/webapp/lab/exchanges.js'
import { Figures, ofTransport } from '../../main/webapp/lab/figures.js'
import ko from '../../main/webapp/lab/ko.js'

const webapp = (file) => readFileSync(new URL(`../../main/webapp/${file}`, import.meta.url), 'utf8')

describe('what is kept of a wire', () => {
  const KEPT_MILLIS = 40_000

  /** Adds an event a second for some minutes, and forgets the oldest as a lane does. */
  function after(seconds, begin, goesOn) {
    let events = begin.map((event) => ({ at: 0, direction: 'out', ...event }))
    for (let second = 1; second <= seconds; second++) {
      events.push({ at: second * 1000, direction: 'in', ...goesOn })
      events = kept(events, second * 1000 - KEPT_MILLIS, 4_000)
    }
    return events
  }
  const held = (events) =>
    spans(events).filter(({ to, kind }) => to === Infinity && kind !== 'standIn').map(({ kind }) => kind)

  test.for([
    ['an event stream', [{ id: 1, kind: 'request' }, { id: 1, kind: 'open' }], { id: 1, kind: 'event' }, ['stream']],
    ['a WebSocket', [{ id: 1, kind: 'upgrade' }, { id: 1, kind: 'open' }], { id: 1, kind: 'frame' }, ['stream']],
    ['a long poll of many minutes', [{ id: 1, kind: 'held' }], { id: 0, kind: 'ping', told: true }, ['held']],
  ])('%s that is open is shown as held, however long it is', ([, begin, goesOn, expected]) => {
    for (const seconds of [1, 39, 41, 60, 75, 600]) {
      const events = after(seconds, begin, goesOn)
      expect(held(events)).toEqual(expected)
      expect(spans(events)[0].from).toBe(0)
      expect(events.filter(({ id }) => id === 1)[0].kind).toBe(begin[0].kind)
      expect(events.length).toBeLessThan(KEPT_MILLIS / 1000 + 4)
    }
  })

  test.for(['close', 'abort', 'error'])('a stream that ended by %s is forgotten', (kind) => {
    const begin = [{ id: 1, kind: 'request' }, { id: 1, kind: 'open' }, { id: 1, kind }]
    expect(held(after(20, begin, { id: 2, kind: 'comment' }))).toEqual([])
    expect(after(60, begin, { id: 2, kind: 'comment' }).some(({ id }) => id === 1)).toBe(false)
  })

  test('of peers that vanished only the last is kept', () => {
    const standIn = { id: 0, isStandIn: true, told: true }
    const begin = [{ ...standIn, kind: 'opened' }, { ...standIn, kind: 'ended' }, { ...standIn, kind: 'opened', why: 'second' }]
    const events = after(80, begin, { id: 0, kind: 'ping', told: true })
    expect(events.filter(({ kind }) => kind === 'opened').map(({ why }) => why)).toEqual(['second'])
    expect(spans(events).length).toBe(1)
  })

  test('a cut ends all that was open', () => {
    const begin = [{ id: 1, kind: 'upgrade' }, { id: 1, kind: 'open' }, { id: 0, kind: 'cut' }]
    expect(held(after(60, begin, { id: 0, kind: 'ping', told: true }))).toEqual([])
  })

  test('of very many events the newest are kept, and the beginning', () => {
    const begin = [{ at: 0, id: 1, kind: 'request' }, { at: 0, id: 1, kind: 'open' }]
    const many = Array.from({ length: 9_000 }, (_, at) => ({ at, id: 1, kind: 'event' }))
    const events = kept([...begin, ...many], 0, 4_000)
    expect(events.length).toBe(4_002)
    expect(held(events)).toEqual(['stream'])
  })
})

describe('figures', () => {
  const message = (figures, bytes) => {
    figures.wire({ direction: 'in', kind: 'frame', via: 'webSocket', bytes, measured: true })
    figures.message()
    figures.latency(bytes)
  }

  test('of a flood are gone a minute after it; what is counted stays', () => {
    let now = 0
    const figures = new Figures(() => now)
    for (let i = 0; i < 12_000; i++) {
      message(figures, 82)
    }
    expect(figures.each.down).toBe(82)
    for (now = 1_000; now <= 62_000; now += 1_000) {
      message(figures, 300)
    }
    expect(figures.each.down).toBe(300)
    expect(figures.quantiles).toEqual({ p50: 300, p99: 300 })
    expect(figures.messages).toBe(12_062)
  })

  test('of one transport say nothing of the next', () => {
    const figures = new Figures(() => 0)
    message(figures, 1_000)
    figures.anotherTransport()
    expect(figures.each.down).toBeNaN()
    message(figures, 50)
    expect(figures.each.down).toBe(50)
    expect(figures.quantiles.p99).toBe(50)
    expect(figures.messages).toBe(2)
  })

  test('of a transport are the mean of the lanes that use it', () => {
    expect(ofTransport([10, 30])).toBe(20)
    expect(ofTransport([10, NaN])).toBe(10)
    expect(ofTransport([NaN])).toBeUndefined()
    expect(ofTransport([])).toBeNull()
  })
})

describe('the texts', () => {
  const page = webapp('index.html')

  test('stand on the page in English before any script runs', () => {
    const texts = [...page.matchAll(/data-t="([\w.-]+)"[^>]*>([^<]*)</g)]
    expect(texts.length).toBeGreaterThan(80)
    const written = (key) => en[key].replaceAll('&', '&amp;').replaceAll('<', '&lt;')
    expect(texts.filter(([, key, text]) => text !== written(key)).map(([, key]) => key)).toEqual([])
    const labels = [...page.matchAll(/data-t-label="([\w.-]+)" aria-label="([^"]*)"/g)]
    expect(labels.length).toBe(page.split('data-t-label').length - 1)
    expect(labels.filter(([, key, text]) => text !== en[key]).map(([, key]) => key)).toEqual([])
  })

  test('that are not filled in have no holes', () => {
    const keys = [...page.matchAll(/data-t(?:-label)?="([\w.-]+)"/g)].map(([, key]) => key)
    expect(keys.filter((key) => /[{}]/.test(en[key] + ko[key]))).toEqual([])
  })

  test('say nothing in the words of a program', () => {
    const all = Object.values({ ...en, ...ko }).join('\n')
    expect(all).not.toMatch(/TypeError|undefined|\bnull\b|NaN|Failed to fetch/)
  })
})
