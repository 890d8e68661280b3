import { readFileSync } from 'node:fs'
import { answer, type RecordedCase } from './answer.js'

// One recorded case as JSON on stdin, the answer as JSON on stdout: `npx tsx test/cases/adapter.ts < case.json`.
process.stdout.write(JSON.stringify(await answer(JSON.parse(readFileSync(0, 'utf8')) as RecordedCase)))
