// README's JavaScript does what README says.
import { readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { EventSource } from 'eventsource'

const root = process.env.SWITCHBOARD_URL
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const samples = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code)

test('has samples in JavaScript', () => expect(samples.length).toBe(2))

test.each(samples)('%s', async (code) => {
  const channel = `readme-${randomUUID()}`
  const url = `${root}/channels/${channel}`
  await fetch(url, { method: 'PUT', headers: { 'Content-Type': 'application/json' } })
  const here = code
    .replace('http://localhost:8080/switchboard/channels/news', url)
    .replace('ws://localhost:8080/switchboard/channels/news', url.replace('http', 'ws'))
  const logged = []
  const opened = []
  const spied = (Client) => class extends Client {
    constructor(...args) { super(...args); opened.push(this) }
  }
  new Function('WebSocket', 'EventSource', 'console', here)(
    spied(WebSocket), spied(EventSource), { log: (line) => logged.push(line) })
  await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: '{"hello":"world"}',
  })
  await vi.waitFor(() => expect(logged.join()).toContain('[{"hello":"world"}]'), 10_000)
  opened.forEach((client) => client.close())
})
