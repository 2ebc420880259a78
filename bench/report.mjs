// Writes what run.mjs measured into docs/reports/benchmarks.md, between its two marks, and a plot for each scenario.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { work } from './servers.mjs'

const docs = join(dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'reports')
const results = JSON.parse(readFileSync(join(work, 'results.json'), 'utf8'))
const named = { ws: 'WebSocket', sse: 'event stream', longpoll: 'long poll', poll: 'poll' }

const median = values => {
  const sorted = values.sort((a, b) => a - b)
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2
}
const fixed = digits => value => value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
const share = of => (row, all) => {
  const peer = all.find(other => other.server === 'nchan' && other.transport === row.transport)
  return peer ? fixed(2)(row[of] / peer[of]) : ''
}
const beyondBare = of => (row, all) => {
  const bare = all.find(other => other.server === row.server.replace('switchboard', 'bare endpoint') && other.transport === row.transport)
  return bare && bare !== row ? fixed(1)((row[of] - bare[of]) / 1024) : ''
}
const lost = ['lost / repeated', row => `${row.lost} / ${row.duplicates}`]
const cpu = ['CPU µs a message', row => fixed(2)(row.cpuUs)]
const timesNchan = ['× Nchan', share('cpuUs')]
const rate = ['messages/s', row => fixed(0)(row.perSecond)]
const size = ['bytes a message', row => fixed(0)(row.bytesIn)]
const p50 = ['p50 ms', row => fixed(1)(row.p50Ms)]
const p99 = ['p99 ms', row => fixed(1)(row.p99Ms)]

const tables = {
  fanout: ['Fan-out: 1 channel, 1,000 subscribers, one message at a time', 'cpuUs', [cpu, timesNchan, rate, size, p50, p99, lost]],
  load: ['Under load: the same with 16 publishers and at most 32 messages outstanding', 'cpuUs',
    [cpu, timesNchan, rate, ['× Nchan', share('perSecond')], size, p50, p99, lost]],
  latency: ['Latency: 20 messages a second', 'p50Ms', [['subscribers', row => row.subs], p50, ['× Nchan', share('p50Ms')], p99, ['× Nchan', share('p99Ms')], cpu, lost]],
  channels: ['Many small channels: 1,000 with 2 subscribers each', 'cpuPerPublishUs',
    [['CPU µs an append', row => fixed(0)(row.cpuPerPublishUs)], ['× Nchan', share('cpuPerPublishUs')], ['appends/s', row => fixed(0)(row.perSecond / 2)], p50, p99, lost]],
  resume: ['Resume: 1,000 clients come back after 200 missed messages', 'cpuUs',
    [['CPU µs a missed message', row => fixed(2)(row.cpuUs)], ['all caught up after s', row => fixed(2)(row.caughtUpS)], size, lost]],
  slow: ['Slow readers: 100 of 1,000 do not read; 1 KiB messages', 'cpuUs', [cpu, timesNchan, rate, p50, p99, lost]],
  idle: ['Idle: 5,000 connections, in the 40 s that begin 75 s after they are open', 'bytesPerConnection',
    [['memory a connection, KiB', row => fixed(1)(row.bytesPerConnection / 1024)], ['of it Java heap', row => row.heapBytesPerConnection ? fixed(1)(row.heapBytesPerConnection / 1024) : ''],
      ['beyond a bare endpoint', beyondBare('bytesPerConnection')], ['of it Java heap', beyondBare('heapBytesPerConnection')],
      ['CPU of one core, %', row => fixed(2)(row.idlePercent)]]],
}

function rows(scenario) {
  const groups = new Map()
  for (const run of results.runs.filter(run => run.scenario === scenario && !run.failed)) {
    const key = `${run.transport} ${run.server}`
    groups.set(key, [...(groups.get(key) ?? []), run])
  }
  return [...groups.values()].map(runs => {
    const row = { ...runs[0], runs: runs.length, lost: 0, duplicates: 0 }
    for (const [key, value] of Object.entries(runs[0])) if (typeof value === 'number') row[key] = median(runs.map(run => run[key]))
    row.lost = Math.max(...runs.map(run => run.expected - run.received))
    row.duplicates = Math.max(...runs.map(run => run.duplicates))
    return row
  }).sort((a, b) => Object.keys(named).indexOf(a.transport) - Object.keys(named).indexOf(b.transport))
}

function table(columns, all) {
  const line = cells => `| ${cells.join(' | ')} |`
  return [
    line(['server', 'transport', ...columns.map(([name]) => name), 'runs']),
    line(['---', '---', ...columns.map(() => '---:'), '---:']),
    ...all.map(row => line([row.server, named[row.transport], ...columns.map(([, cell]) => cell(row, all)), row.runs])),
  ].join('\n')
}

function plot(title, key, all) {
  const max = Math.max(...all.map(row => row[key]))
  const bars = all.map((row, i) => {
    const width = Math.max(1, row[key] / max * 360).toFixed(0)
    const color = row.server.startsWith('switchboard') ? '#2563eb' : '#94a3b8'
    const value = row[key] / (key.startsWith('bytes') ? 1024 : 1)
    return `<text x="244" y="${i * 24 + 46}" text-anchor="end">${row.server}, ${named[row.transport]}</text>` +
      `<rect x="250" y="${i * 24 + 34}" width="${width}" height="16" fill="${color}"/>` +
      `<text x="${Number(width) + 256}" y="${i * 24 + 46}">${value.toFixed(value < 10 ? 2 : 0)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="700" height="${all.length * 24 + 44}" font-family="sans-serif" font-size="12" fill="#334155">` +
    `<rect width="100%" height="100%" fill="#fff"/><text x="8" y="20" font-weight="bold">${title}</text>${bars.join('')}</svg>\n`
}

const unit = { cpuUs: 'server CPU, µs a message', p50Ms: 'p50, ms', cpuPerPublishUs: 'server CPU, µs an append', bytesPerConnection: 'memory a connection, KiB' }
mkdirSync(join(docs, 'benchmarks'), { recursive: true })
const { cpus, model, memoryGiB, kernel, node } = results.machine
const parts = [`Measured ${results.runs.map(run => run.at).sort().pop().slice(0, 10)} on ${cpus} cores (${model}), ${memoryGiB} GiB, Linux ${kernel}, Node ${node}; ` +
  'medians of the runs in the last column; the load average, the benchmark itself included, was ' +
  `${fixed(1)(Math.min(...results.runs.map(run => run.load)))} to ${fixed(1)(Math.max(...results.runs.map(run => run.load)))}.`]
for (const [scenario, [title, key, columns]] of Object.entries(tables)) {
  const all = rows(scenario)
  if (!all.length) continue
  writeFileSync(join(docs, 'benchmarks', `${scenario}.svg`), plot(`${title} – ${unit[key]}`, key, all))
  parts.push(`### ${title}`, table(columns, all), `![${title}](benchmarks/${scenario}.svg)`)
}
const file = join(docs, 'benchmarks.md')
const text = readFileSync(file, 'utf8')
const [begin, end] = ['<!-- figures: written by bench/run -->\n', '<!-- end of figures -->']
writeFileSync(file, text.slice(0, text.indexOf(begin) + begin.length) + '\n' + parts.join('\n\n') + '\n\n' + text.slice(text.indexOf(end)))
console.log('docs/reports/benchmarks.md is up to date')
