/**
 * Keeps the heaps for what is new small, where collections copy what lives: reading 10,000 routers lets that of the
 * main thread grow to 64 MiB, which V8 hardly ever gives back, and is no slower with 2. Workers, whose limit is in
 * `server/worker-memory.ts`, begin with all of theirs. To be called before anything is done: V8 looks at these two
 * flags whenever a heap might grow, and when one is made.
 */
export function keepYoungHeapsSmall(): void {
  const { setFlagsFromString } = process.getBuiltinModule('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--min-semi-space-size=2')
}
