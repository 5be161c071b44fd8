// What meter.py says, for the peers that run on Node: the same verbs, the same payloads, the same files of state.
import { randomBytes } from 'node:crypto'
import { appendFileSync, openSync, readFileSync, writeSync } from 'node:fs'

export const BATCH = 1000
const now = () => (performance.timeOrigin + performance.now()) / 1000

export class Meter {
  wave = -1
  count = 0
  sum = 0
  first = 0
  late = []
  told = ''

  constructor () {
    this.directory = process.env.BENCH_STATE
    this.file = openSync(`${this.directory}/${process.pid}.state`, 'w')
    this.write()
    setInterval(() => this.write(), 1000 * (process.env.BENCH_TICK || 0.01))
  }

  ran (payload) {
    if (payload.w !== this.wave) {
      this.wave = payload.w
      this.first = now()
      this.count = this.sum = 0
    }
    this.count += 1
    this.sum += payload.n
    if (payload.sent !== undefined) this.late.push(now() - payload.sent)
  }

  // As `ran`, for jobs of which some fail at their first attempt: only what succeeds is counted.
  begin (payload, again) {
    if (payload.fail && !again) throw new Error('meant to fail')
    this.ran(payload)
  }

  write () {
    const told = `${this.wave} ${this.count} ${this.sum} ${this.first.toFixed(6)}\n`
    if (told !== this.told) {
      writeSync(this.file, told.padEnd(80), 0)
      this.told = told
    }
    if (this.late.length) {
      appendFileSync(`${this.directory}/${process.pid}.late`, this.late.map(s => `${s.toFixed(6)}\n`).join(''))
      this.late = []
    }
  }
}

function maker ({ wave = 0, size = 0, failing = 0 }) {
  const text = randomBytes(size * 2).toString('base64')
  return (number) => {
    const payload = { n: number, w: wave }
    if (size) {
      const start = number * 7 % (text.length - size)
      payload.text = text.slice(start, start + size)
    }
    if (number % 100 < failing) payload.fail = true
    return payload
  }
}

// `one` and `many` enqueue payloads; they may be called by as many clients at once as there are connections.
async function produce ({ one, many }, options) {
  const make = maker(options)
  const { clients = 1, seconds: until = 0, jobs = Infinity, bulk = false, rate = 0 } = options
  let next = 0
  let done = 0
  const used = process.cpuUsage()
  const started = performance.now()
  const elapsed = () => (performance.now() - started) / 1000
  const client = async () => {
    while (next < jobs && !(until && elapsed() >= until)) {
      if (rate) {
        const number = next++
        await new Promise(resolve => setTimeout(resolve, Math.max(0, 1000 * (number / rate - elapsed()))))
        await one({ ...make(number), sent: now() })
        done += 1
      } else if (bulk) {
        const batch = []
        while (batch.length < BATCH && next < jobs) batch.push(make(next++))
        await many(batch)
        done += batch.length
      } else {
        await one(make(next++))
        done += 1
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = elapsed()
  const { user, system } = process.cpuUsage(used)
  return { jobs: done, seconds, cpu: (user + system) / 1e6, memory: mostResident() }
}

// In MB, of this process. What resourceUsage says would include what it was forked from.
function mostResident () {
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024
}

// The program: VERB, and for `produce` its options as JSON.
export async function run ({ install, producer, work }) {
  const dsn = process.env.BENCH_DSN
  const verb = process.argv[2]
  if (verb === 'install') {
    await install(dsn)
  } else if (verb === 'produce') {
    const options = JSON.parse(process.argv[3])
    const made = await producer(dsn, options.clients ?? 1)
    const told = await produce(made, options)
    await made.close()
    process.stdout.write(`${JSON.stringify(told)}\n`)
  } else {
    await work(dsn, new Meter())
  }
}
