// What clients hear over lines that are cut: each has a line of its own, cut about every two seconds, while somebody
// publishes 12 messages a second over another one. Then what was accepted is held against what each client heard.
//   node truth.mjs [--seconds 60] [--clients 3] [--seed 1] [--restart] [--add] [SERVER…]
// --restart kills the server (-9) in the midst and starts it again. Of names that contain one of the words given, all.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { own, peers } from './clients.mjs'
import { Line } from './line.mjs'
import { redisPort, servers, start, work } from './servers.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const pause = millis => new Promise(resolve => setTimeout(resolve, millis))
const given = process.argv.slice(2)
const flag = name => given.includes(name) && !!given.splice(given.indexOf(name), 1)
const option = (name, otherwise) => (given.includes(name) ? given.splice(given.indexOf(name), 2)[1] : otherwise)
const command = `bench/run truth ${given.join(' ')}`.trim()
const seconds = Number(option('--seconds', 60))
const count = Number(option('--clients', 3))
const seed = Number(option('--seed', 1))
const restarts = flag('--restart')
const adds = flag('--add')
const intervalMillis = 80
process.env.BENCH_RECOVERY = '1' // for Socket.IO's server
const quietMillis = 20_000
const all = ['switchboard on Payara', 'switchboard on WildFly', 'switchboard on Payara with Redis', 'switchboard on WildFly with Redis', 'Socket.IO', 'CometD']
const wanted = given.length ? all.filter(name => given.some(word => name.includes(word))) : all

/** One client behind its line, and what it has heard. */
class Client {
  heard = new Map()
  twice = 0
  disorder = 0
  told = 0
  last = -1
  delays = []

  constructor(kind, line) {
    this.kind = kind
    this.line = line
  }

  hear({ n, at }) {
    if (this.heard.has(n)) {
      this.twice++
      return
    }
    if (n < this.last) this.disorder++
    this.last = Math.max(this.last, n)
    this.heard.set(n, true)
    this.delays.push(Date.now() - at)
  }
}

/** Publishes over a line that is cut as well, each message again until it is known to be there. */
class Publisher {
  accepted = []
  tries = 0
  #epoch = 0
  #seq = 0

  constructor(url) {
    this.url = url
  }

  async publish(n, until) {
    const body = JSON.stringify({ n, at: Date.now() })
    while (Date.now() < until) {
      this.tries++
      try {
        const headers = { 'Content-Type': 'application/json', 'Producer-Id': 'p', 'Producer-Epoch': `${this.#epoch}`, 'Producer-Seq': `${this.#seq}` }
        const response = await fetch(this.url, { method: 'POST', headers, body, signal: AbortSignal.timeout(4000) })
        await response.arrayBuffer()
        if (response.ok) {
          this.#seq++
          this.accepted.push(n)
          return
        }
        if ((response.status === 409 || response.status === 404) && this.#seq > 0) {
          this.#epoch++ // the log began anew, and knows nothing of this one
          this.#seq = 0
        }
      } catch { /* the line broke: the same again */ }
      await pause(100)
    }
  }
}

/** The peers' own interface knows no producers: from inside, over a line that is whole. */
class PeerPublisher {
  accepted = []
  tries = 0

  constructor(url) {
    this.url = url
  }

  async publish(n, until) {
    while (Date.now() < until) {
      this.tries++
      try {
        const response = await fetch(this.url, { method: 'POST', body: JSON.stringify({ n, at: Date.now() }), signal: AbortSignal.timeout(4000) })
        await response.arrayBuffer()
        if (response.ok) {
          this.accepted.push(n)
          return
        }
      } catch { /* the server is away */ }
      await pause(100)
    }
  }
}

async function startRedis() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-redis-'))
  const redis = spawn('redis-server', [join(root, 'deploy/redis/switchboard.conf'), '--port', `${redisPort}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''])
  await new Promise((resolve, reject) => {
    redis.stdout.on('data', text => String(text).includes('Ready to accept') && resolve())
    redis.on('error', reject)
  })
  return () => redis.kill('SIGKILL')
}

async function run(name) {
  const isOwn = name.startsWith('switchboard')
  const stopRedis = name.includes('Redis') ? await startRedis() : () => {}
  let server = await start(name)
  const lines = []
  const line = async () => {
    lines.push(await new Line(server.port, seed * 1000 + lines.length).open())
    return lines.at(-1)
  }
  const address = port => `http://127.0.0.1:${port}${isOwn ? '/switchboard/channels/b1' : ''}`
  const clients = []
  const ends = []
  try {
    const publisher = isOwn ? new Publisher(address((await line()).port)) : new PeerPublisher(`http://127.0.0.1:${server.port}/pub/1`)
    const kinds = isOwn ? Object.entries(own) : Object.entries(peers).filter(([, [of]]) => of === name).map(([kind, [, open]]) => [kind, open])
    if (isOwn) await fetch(address(server.port), { method: 'PUT', headers: { 'Content-Type': 'application/json' } })
    for (const [kind, open] of kinds) {
      for (let i = 0; i < count; i++) {
        const client = new Client(kind, await line())
        clients.push(client)
        ends.push(await open(address(client.line.port), { hear: message => client.hear(message), tell: () => client.told++ }))
      }
    }
    await pause(2000)
    lines.forEach(each => each.start())
    const until = Date.now() + seconds * 1000
    let isKilled = !restarts
    let starting = Promise.resolve()
    for (let n = 0; Date.now() < until; n++) {
      const next = Date.now() + intervalMillis
      await publisher.publish(n, until + quietMillis)
      if (!isKilled && Date.now() > until - seconds * 500) {
        isKilled = true
        await server.kill()
        starting = start(name).then(again => { server = again })
      }
      await pause(next - Date.now())
    }
    await starting
    lines.forEach(each => each.stop())
    const accepted = new Set(publisher.accepted)
    const missing = client => [...accepted].filter(n => !client.heard.has(n)).length
    const deadline = Date.now() + quietMillis
    while (Date.now() < deadline && clients.some(missing)) await pause(200)
    const rows = kinds.map(([kind]) => row(clients.filter(client => client.kind === kind), accepted, missing))
    return { server: name, restarts, accepted: accepted.size, tries: publisher.tries, at: new Date().toISOString(), load: loadavg()[0], rows }
  } finally {
    for (const end of ends) await end()
    lines.forEach(each => each.close())
    await server.stop()
    stopRedis()
  }
}

function row(clients, accepted, missing) {
  const sum = value => clients.reduce((total, client) => total + value(client), 0)
  const delays = clients.flatMap(client => client.delays).sort((a, b) => a - b)
  const at = share => delays[Math.min(delays.length - 1, Math.floor(delays.length * share))]
  const lost = sum(missing)
  return {
    client: clients[0].kind, cuts: sum(client => client.line.cuts), connections: sum(client => client.line.connections),
    heard: 100 * (1 - lost / (accepted.size * clients.length)), lost, twice: sum(client => client.twice),
    disorder: sum(client => client.disorder), told: sum(client => client.told), p50: at(0.5), p99: at(0.99),
  }
}

const file = join(work, 'truth.json')
mkdirSync(work, { recursive: true })
const results = adds && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { runs: [], commands: [] }
results.commands.push(command)
results.machine = { cpus: cpus().length, model: cpus()[0].model, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release(), node: process.version }
for (const name of wanted) {
  const result = { ...await run(name), seed, seconds, count }
  results.runs = results.runs.filter(each => each.server !== name || each.restarts !== restarts)
  results.runs.push(result)
  writeFileSync(file, JSON.stringify(results, null, 1))
  console.log(`${name}${restarts ? ', restarted' : ''}: ${result.accepted} messages in ${result.tries} tries`)
  for (const each of result.rows) console.log(`  ${each.client}: ${each.cuts} cuts, ${each.connections} connections, lost ${each.lost}, twice ${each.twice}, disorder ${each.disorder}, told ${each.told}, p50 ${each.p50}, p99 ${each.p99}`)
}
writeReport()
process.exit(0)

function writeReport() {
  const figure = value => (value === undefined ? '' : value.toLocaleString('en-US'))
  const line = cells => `| ${cells.join(' | ')} |`
  const table = runs => [
    line(['server', 'client', 'cuts', 'connections', 'heard', 'lost', 'twice', 'out of order', 'told', 'p50, p99 ms']),
    line(['---', '---', ...Array(7).fill('--:'), '--:']),
    ...runs.flatMap(run => run.rows.map((each, i) => line([
      i ? '' : `${run.server} (${run.accepted})`, each.client, each.cuts, figure(each.connections), `${+each.heard.toFixed(2)} %`, figure(each.lost), each.twice,
      each.disorder, each.told, `${figure(each.p50)}, ${figure(each.p99)}`]))),
  ].join('\n')
  const { cpus: cores, model, memoryGiB, kernel, node } = results.machine
  const loads = results.runs.map(run => run.load)
  const parts = [`Measured ${results.runs.map(run => run.at).sort().pop().slice(0, 10)} with ${results.commands.map(each => `\`${each}\``).join(' and ')} on ${cores} cores (${model}), ` +
    `${memoryGiB} GiB, Linux ${kernel}, Node ${node}; the load average was ${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}. ` +
    'Behind each server stands how many messages were accepted.']
  const plain = results.runs.filter(run => !run.restarts)
  const again = results.runs.filter(run => run.restarts)
  if (plain.length) parts.push(table(plain))
  if (again.length) parts.push('### The same, and the server is killed during the run', table(again))
  const docs = join(root, 'docs/reports/benchmarks.md')
  const text = readFileSync(docs, 'utf8')
  const [begin, end] = ['<!-- truth: written by bench/run truth -->\n', '<!-- end of truth -->']
  if (!text.includes(begin)) return
  writeFileSync(docs, text.slice(0, text.indexOf(begin) + begin.length) + '\n' + parts.join('\n\n') + '\n\n' + text.slice(text.indexOf(end)))
  console.log('docs/reports/benchmarks.md is up to date')
}
