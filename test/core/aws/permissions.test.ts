import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EC2 } from '@aws-sdk/client-ec2'
import { S3 } from '@aws-sdk/client-s3'
import { STS } from '@aws-sdk/client-sts'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { actionsUsed, impliedActions } from '../../../src/core/aws/permissions/actions.js'
import { iamPolicy } from '../../../src/core/aws/permissions/policy.js'

const src = join(import.meta.dirname, '../../../src')

/** S3's actions are not called like its operations. */
const s3Actions: Readonly<Record<string, string>> = {
  listBuckets: 's3:ListAllMyBuckets',
  listObjectsV2: 's3:ListBucket',
  headBucket: 's3:ListBucket',
}

/** Operations of each service, by the names of the SDK's methods. */
const operations: Readonly<Record<string, ReadonlySet<string>>> = {
  ec2: methodsOf(EC2),
  s3: methodsOf(S3),
  sts: methodsOf(STS),
}

function methodsOf(client: { prototype: object }): ReadonlySet<string> {
  return new Set(
    Object.keys(client.prototype).filter((name) => !name.startsWith('paginate') && !name.startsWith('wait')),
  )
}

/** Every call in our sources that is named like an operation of the SDK, whatever it is called on. */
function callsInSources(): Map<string, string> {
  const found = new Map<string, string>()
  for (const file of readdirSync(src, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('localcloud')) continue
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const name = node.expression.name.text
        const services = Object.keys(operations).filter((service) => operations[service]?.has(name))
        const service = services.find((one) => node.expression.getText().includes(`${one}.`)) ?? services[0]
        if (service) found.set(actionOf(service, name), file)
      }
      ts.forEachChild(node, visit)
    }
    visit(ts.createSourceFile(file, readFileSync(join(src, file), 'utf8'), ts.ScriptTarget.Latest, true))
  }
  return found
}

function actionOf(service: string, method: string): string {
  if (service === 's3' && s3Actions[method]) return s3Actions[method]
  return `${service}:${method.charAt(0).toUpperCase()}${method.slice(1)}`
}

test('the policy allows every action that the code can send, and none besides', () => {
  const sent = callsInSources()
  const allowed = new Set(actionsUsed.map(({ action }) => action))
  expect(sent.size).toBeGreaterThan(25)
  expect([...sent].filter(([action]) => !allowed.has(action))).toEqual([])
  expect([...allowed].filter((action) => !sent.has(action) && !impliedActions.has(action))).toEqual([])
})

test('the policy is one that IAM takes: below 6,144 characters without blanks, ids of letters and figures', () => {
  const policy = iamPolicy()
  expect(JSON.stringify(policy).replaceAll(/\s/g, '').length).toBeLessThan(6_144)
  for (const { Sid, Action } of policy.Statement) {
    expect(Sid).toMatch(/^[A-Za-z0-9]+$/)
    expect(Action.length).toBeGreaterThan(0)
    expect(new Set(Action).size).toBe(Action.length)
  }
})
