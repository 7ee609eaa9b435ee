import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { hushfs } from '../process.ts'

interface Document {
  readonly templates?: Readonly<Record<string, { readonly file?: string }>>
}

/** hushfs' own parser accepts this document as a configuration file. The files of its templates, which it reads, are empty. */
export async function acceptedByHushfs(t: Test, name: string, document: unknown): Promise<void> {
  const folder = t.testdir({ template: '' })
  const file = join(folder, 'hushfs.yaml')
  const { templates } = document as Document
  const here = Object.entries(templates ?? {}).map(([template, fields]) => [
    template,
    'file' in fields ? { ...fields, file: join(folder, 'template') } : fields,
  ])
  writeFileSync(
    file,
    JSON.stringify(
      templates === undefined
        ? document
        : { ...(document as Document), templates: Object.fromEntries(here) as object },
    ),
  )
  const done = await hushfs(['check', '--config-only', '--config', file])
  t.equal(done.status, 0, `${name}: ${done.stderr}`)
}
