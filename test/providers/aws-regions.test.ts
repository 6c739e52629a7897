import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'node:test'
import { regionsOf } from '../../providers/aws/regions.ts'

/** A stand-in of ours for the two metadata services of AWS, which only exist within it. */
async function withMetadata(work: (url: string, asked: string[]) => Promise<void>): Promise<void> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const { method, url = '', headers } = request
    asked.push(`${method} ${url}`)
    if (url === '/v4/task')
      return void response.end('{"TaskARN":"arn:aws:ecs:eu-central-1:1:task/default/1"}')
    if (method === 'PUT' && url === '/latest/api/token') return void response.end('a-token')
    const known = headers['x-aws-ec2-metadata-token'] === 'a-token'
    response.writeHead(known ? 200 : 401).end('eu-north-1\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const before = { ...process.env }
  for (const name of VARIABLES) delete process.env[name]
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked)
  } finally {
    for (const name of VARIABLES) delete process.env[name]
    Object.assign(process.env, before)
    server.close()
    server.closeAllConnections()
  }
}

const VARIABLES = [
  'ECS_CONTAINER_METADATA_URI_V4',
  'AWS_EC2_METADATA_SERVICE_ENDPOINT',
  'AWS_EC2_METADATA_DISABLED',
]

const none = (): Promise<string> => Promise.reject(new Error('Region is missing'))
const plain = { regions: [] }

test('regions that are named come first, each once, and nobody is asked', () =>
  withMetadata(async (url, asked) => {
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = url
    assert.deepEqual(await regionsOf({ region: 'a', regions: ['b', ' c ', 'b', ''] }, none, 'ecs'), [
      'b',
      'c',
    ])
    assert.deepEqual(await regionsOf({ region: 'a', regions: [] }, none, 'ecs'), ['a'])
    assert.deepEqual(await regionsOf(plain, () => Promise.resolve('from-chain'), 'ecs'), ['from-chain'])
    assert.deepEqual(asked, [])
  }))

test('the region of the task, from the agent of ECS', () =>
  withMetadata(async (url, asked) => {
    process.env['ECS_CONTAINER_METADATA_URI_V4'] = `${url}/v4`
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = url
    assert.deepEqual(await regionsOf(plain, none, 'ecs'), ['eu-central-1'])
    assert.deepEqual(asked, ['GET /v4/task'])
  }))

test('the region of the machine, by IMDSv2', () =>
  withMetadata(async (url, asked) => {
    process.env['AWS_EC2_METADATA_SERVICE_ENDPOINT'] = url
    assert.deepEqual(await regionsOf(plain, none, 'ecs'), ['eu-north-1'])
    assert.deepEqual(asked, ['PUT /latest/api/token', 'GET /latest/meta-data/placement/region'])
  }))

test('no region at all', () =>
  withMetadata(async () => {
    process.env['AWS_EC2_METADATA_DISABLED'] = 'true'
    await assert.rejects(regionsOf(plain, none, 'ecs'), /no region is known/)
  }))
