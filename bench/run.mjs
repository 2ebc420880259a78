// Runs scenarios against the servers, one server at a time, several rounds, and keeps the results:
//   node run.mjs [--rounds 3] [--only SERVER] [--transport ws] [--add] SCENARIO…      all of them without a name; --add keeps earlier runs
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { memory, servers, start, work } from './servers.mjs'

const transports = { ws: 'WebSocket', sse: 'event stream', longpoll: 'long poll', poll: 'poll' }

/**
 * What each scenario asks of the client. A JVM does it `passes` times, and the last is measured: it compiles what it
 * runs often, which after one pass still was a third of the CPU time, and says nothing of a server that runs for days.
 */
const scenarios = {
  fanout: () => rows({ subs: 1000, warmup: 400, messages: 300, passes: 3 }, ['ws', 'sse', 'longpoll'], { longpoll: { subs: 500, warmup: 60, messages: 40, passes: 20 } }),
  load: () => rows({ subs: 1000, warmup: 1000, messages: 1500, inflight: 16, lag: 32, passes: 8 }, ['ws']),
  latency: () => rows({ subs: 1000, warmup: 100, messages: 200, rate: 20, passes: 2 }, ['ws', 'sse', 'longpoll', 'poll'],
    { longpoll: { subs: 300 }, poll: { subs: 100 } }),
  channels: () => rows({ subs: 2000, channels: 1000, inflight: 4, warmup: 15000, messages: 10000, passes: 6 }, ['ws']),
  resume: () => rows({ subs: 1000, warmup: 20, resume: 200, passes: 30 }, ['ws', 'sse', 'longpoll', 'poll'], { poll: { interval: 1000 } }),
  slow: () => rows({ subs: 1000, stalled: 100, warmup: 100, messages: 1000, inflight: 4, size: 1024, lag: 32, passes: 2 }, ['ws']),
  idle: () => rows({ subs: 5000, hold: 1, settle: 75, idle: 40 }, ['ws', 'sse', 'longpoll']),
}

function rows(options, names, more = {}) {
  return names.map(transport => ({ transport, options: { ...options, ...more[transport] } }))
}

function load(server, transport, scenario, options) {
  if (server.scenario && server.scenario !== scenario) return null
  const path = scenario === 'resume' && transport === 'longpoll' ? server.paths.resume : server.paths[transport]
  if (!path || (scenario === 'resume' && !server.resumes?.includes(transport))) return null
  const all = {
    name: server.name.replaceAll(' ', '-'), dialect: server.dialect, transport, port: server.port, path, publish: server.publish,
    pids: server.pids.join(','), seconds: 160, ...options,
  }
  const child = spawn(join(work, 'load'), Object.entries(all).map(([key, value]) => `${key}=${value}`), { stdio: ['pipe', 'pipe', 'inherit'] })
  return new Promise(resolve => {
    let text = ''
    const held = {}
    child.stdout.on('data', part => {
      text += part
      let end
      while ((end = text.indexOf('\n')) >= 0) {
        const line = JSON.parse(text.slice(0, end))
        text = text.slice(end + 1)
        if (line.event) {
          held[line.event] = memory(server)
          child.stdin.write('\n')
        } else {
          resolve({ ...line, ...perConnection(held, line.subs) })
        }
      }
    })
    child.on('close', code => resolve({ failed: code }))
  })
}

function perConnection({ before, connected }, subs) {
  if (!connected) return {}
  return Object.fromEntries(Object.keys(before).map(key => [`${key}PerConnection`, (connected[key] - before[key]) / subs]))
}

const arguments_ = process.argv.slice(2)
const take = name => { const i = arguments_.indexOf(name); return i < 0 ? undefined : arguments_.splice(i, 2)[1] }
const adds = arguments_.includes('--add') && arguments_.splice(arguments_.indexOf('--add'), 1)
const rounds = Number(take('--rounds') ?? 3)
const only = take('--only')
const by = take('--transport')
const wanted = arguments_.length ? arguments_ : Object.keys(scenarios)
for (const name of wanted) if (!scenarios[name]) throw new Error(`"${name}" is not one of ${Object.keys(scenarios).join(', ')}`)

const isWanted = (server, name) => (!only || name.includes(only)) && (!server.scenario || wanted.includes(server.scenario))

const file = join(work, 'results.json')
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { runs: [] }
results.machine = { cpus: cpus().length, model: cpus()[0].model, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release(), node: process.version }
if (!adds) results.runs = results.runs.filter(run => !wanted.includes(run.scenario))

for (let round = 1; round <= rounds; round++) {
  for (const name of Object.keys(servers).filter(name => isWanted(servers[name], name))) {
    const server = await start(name)
    try {
      for (const scenario of wanted) {
        for (const { transport, options } of scenarios[scenario]().filter(row => !by || row.transport === by)) {
          const { passes = 1, ...asked } = options
          let result
          for (let pass = server.isJvm ? 1 : passes; pass <= passes; pass++) result = await load(server, transport, scenario, asked)
          if (!result) continue
          results.runs.push({ scenario, server: name, transport, round, at: new Date().toISOString(), load: loadavg()[0], ...result })
          writeFileSync(file, JSON.stringify(results, null, 1))
          console.log(`${round} ${scenario} ${name} ${transports[transport]}: ` + (result.failed ? `failed (${result.failed})` :
            `${result.cpuUs.toFixed(2)} µs, ${result.perSecond.toFixed(0)}/s, p50 ${result.p50Ms} ms, lost ${result.expected - result.received}`))
        }
      }
    } finally {
      await server.stop()
    }
  }
}
