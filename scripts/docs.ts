import { mkdir, writeFile } from 'node:fs/promises'
import { referencePages } from './docs/pages.ts'

/** Writes docs/reference anew from the definitions: `npm run docs`. */
const folder = new URL('../docs/reference/', import.meta.url)
await mkdir(folder, { recursive: true })
const pages = await referencePages()
for (const [name, text] of pages) await writeFile(new URL(name, folder), text)
console.log(`docs/reference: ${pages.size} pages written`)
