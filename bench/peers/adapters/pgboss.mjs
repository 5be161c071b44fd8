// pg-boss, by https://timgit.github.io/pg-boss/api/workers: large batches (batchSize), fetched without a pause while they
// are full (burstWhenBatchFull), LISTEN instead of polling alone (useListenNotify, and notify of the queue).
import { PgBoss } from 'pg-boss'
import { run } from './meter.mjs'

const QUEUE = 'noop'
const BATCH = 1000
const env = process.env
const place = { host: env.PGHOST, port: Number(env.PGPORT), user: env.PGUSER, database: env.PGDATABASE }

async function start (options) {
  const boss = new PgBoss({ ...place, ...options })
  boss.on('error', error => console.error(error))
  boss.on('warning', () => {})
  await boss.start()
  return boss
}

await run({
  async install () {
    const boss = await start({ max: 2 })
    await boss.createQueue(QUEUE, { notify: true, retryLimit: 5, retryDelay: 0 })
    await boss.stop({ graceful: false })
  },

  async producer (_dsn, clients) {
    const boss = await start({ max: clients, supervise: false, schedule: false, migrate: false })
    return {
      one: payload => boss.send(QUEUE, payload),
      many: payloads => boss.insert(QUEUE, payloads.map(data => ({ data }))),
      close: () => boss.stop({ graceful: false })
    }
  },

  async work (_dsn, meter) {
    const boss = await start({ useListenNotify: true })
    const options = {
      batchSize: BATCH, pollingIntervalSeconds: 0.5, notifyPollingIntervalSeconds: 0.5, burstWhenBatchFull: true
    }
    if (env.BENCH_FAILING) {
      await boss.work(QUEUE, { ...options, perJobResults: true, includeMetadata: true }, async jobs => jobs.map(job => {
        try {
          meter.begin(job.data, job.retryCount > 0)
          return { id: job.id, status: 'completed' }
        } catch (error) {
          return { id: job.id, status: 'failed', output: { message: error.message } }
        }
      }))
    } else {
      await boss.work(QUEUE, options, async jobs => jobs.forEach(job => meter.ran(job.data)))
    }
    process.on('SIGTERM', async () => {
      await boss.stop({ graceful: true })
      process.exit(0)
    })
  }
})
