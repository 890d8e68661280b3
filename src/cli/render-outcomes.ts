import { foldNodeNames, foldOutputs, type NodeOutcome } from '../index.js'

type Print = (text: string) => void

/** Prints what nodes said, equal texts once: output, then errors of the command, then how it ended where it failed. */
export function renderOutcomes(outcomes: readonly NodeOutcome[], print: Print, printError: Print): void {
  const said = (text: (outcome: NodeOutcome) => string) =>
    new Map(outcomes.map((outcome) => [outcome.node, text(outcome)] as const).filter(([, output]) => output !== ''))
  const output = said(({ stdout }) => stdout)
  const errors = said(({ stderr }) => stderr)
  const ends = said(howItEnded)
  if (output.size > 0) print(foldOutputs(output))
  if (errors.size > 0) printError(foldOutputs(errors))
  if (ends.size > 0) printError(foldOutputs(ends))
  const well = outcomes.filter((outcome) => howItEnded(outcome) === '')
  if (ends.size > 0 && well.length > 0) printError(`${foldNodeNames(well.map(({ node }) => node))}: succeeded`)
}

function howItEnded({ exitStatus, error }: NodeOutcome): string {
  return error ?? (exitStatus === 0 ? '' : `exit status ${exitStatus}`)
}
