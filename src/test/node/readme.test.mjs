// README's JavaScript does what README says.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import WebSocket from 'ws'
import { EventSource } from 'eventsource'

const root = process.env.SWITCHBOARD_URL
const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')
const samples = [...readme.matchAll(/```js\n([^]*?)```/g)].map(([, code]) => code)
const isModule = (code) => code.startsWith('import ')

test('has samples in JavaScript', () => {
  expect(samples.map(isModule)).toEqual([false, false, true, true])
})

async function newChannel() {
  const url = `${root}/channels/readme-${randomUUID()}`
  await fetch(url, { method: 'PUT', headers: { 'Content-Type': 'application/json' } })
  return url
}

const post = (url) => fetch(url, {
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: '{"hello":"world"}',
})

test.each(samples.filter((code) => !isModule(code)))('%s', async (code) => {
  const url = await newChannel()
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
  await post(url)
  await vi.waitFor(() => expect(logged.join()).toContain('[{"hello":"world"}]'), 10_000)
  opened.forEach((client) => client.close())
})

test.each(samples.filter(isModule))('%s', async (code) => {
  const url = await newChannel()
  // Node imports from files; that the server has the module is asked here.
  const [module] = code.match(/(?<=from ')[^']+/)
  const served = await fetch(module.replace('http://localhost:8080/switchboard', root))
  expect([served.status, served.headers.get('content-type')]).toEqual(
    [200, expect.stringContaining('javascript')])
  const file = new URL('../../main/webapp/js/switchboard.js', import.meta.url)
  expect(await served.text()).toBe(readFileSync(file, 'utf8'))
  const here = code
    .replace(module, file.href)
    .replace('http://localhost:8080/switchboard/channels/news', url)
  const program = spawn(process.execPath, ['--input-type=module', '-e', here])
  const printed = []
  program.stdout.on('data', (text) => printed.push(text))
  program.stderr.on('data', (text) => printed.push(text))
  await post(url)
  await vi.waitFor(() => expect(printed.join('')).toContain('[{"hello":"world"}]'), 10_000)
  program.kill()
})
