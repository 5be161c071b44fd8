// graphile-worker, by https://worker.graphile.org/docs/performance: its quick stats are those of this configuration.
import { Logger, makeWorkerUtils, run as runWorker } from 'graphile-worker'
import pg from 'pg'
import { run } from './meter.mjs'

const quiet = new Logger(() => () => {})
const preset = {
  worker: {
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0
  }
}

await run({
  async install () {
    const pgPool = new pg.Pool({ max: 1 })
    const utils = await makeWorkerUtils({ pgPool, logger: quiet })
    await utils.migrate()
    await utils.release()
    await pgPool.end()
  },

  async producer (_dsn, clients) {
    const pgPool = new pg.Pool({ max: clients, min: clients })
    const utils = await makeWorkerUtils({ pgPool, logger: quiet })
    return {
      one: payload => utils.addJob('noop', payload),
      many: payloads => utils.addJobs(payloads.map(payload => ({ identifier: 'noop', payload }))),
      close: async () => {
        await utils.release()
        await pgPool.end()
      }
    }
  },

  async work (_dsn, meter) {
    const pgPool = new pg.Pool({ max: preset.worker.maxPoolSize })
    const runner = await runWorker({
      pgPool,
      logger: quiet,
      preset,
      taskList: { noop: async (payload, helpers) => meter.begin(payload, helpers.job.attempts > 1) }
    })
    await runner.promise
    process.exit(0)
  }
})
