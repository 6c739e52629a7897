import { attempt, CLAIMS, randomSeed } from './campaign.ts'

/** `npm run fuzz -- MINUTES`: each claim in turn with random seeds until the time is over, or until one breaks. */
const minutes = Number(process.argv[2] ?? 5)
if (!(minutes > 0)) throw new Error(`minutes must be a number above 0, not ${process.argv[2]}`)

for (const { says, tries, use } of CLAIMS) {
  const end = performance.now() + (minutes * 60_000) / CLAIMS.length
  let tried = 0
  await use(async (property) => {
    for (; performance.now() < end; tried += tries) await attempt(property, randomSeed(), tries)
  })
  console.log(`${says}: ${tried} streams`)
}
