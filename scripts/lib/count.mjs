// Prints vitest's counts as one plain line; a file whose set-up failed, or that did not load, counts as one failure.
import { readFileSync } from 'node:fs'

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const failedSuite = (suite) =>
  suite.status === 'failed' && !suite.assertionResults.some((test) => test.status === 'failed')
const brokenSuites = report.testResults.filter(failedSuite).length
const failed = report.numFailedTests + brokenSuites
const skipped = report.numPendingTests + report.numTodoTests
console.log(`${report.numPassedTests} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`)
process.exitCode = failed > 0 || report.numPassedTests === 0 ? 1 : 0
