import type { Test } from 'tap'

/** Does the person run the tests without that tool? */
export function isLeftOut(tool: string): boolean {
  return (process.env['HUSHFS_TEST_WITHOUT'] ?? '').split(/[ ,]/).includes(tool)
}

/**
 * Ends the test file when the person runs the tests without a tool that it needs: `HUSHFS_TEST_WITHOUT=bao`, names with commas or spaces between them. test/check has the
 * tools, and lists what was left out.
 */
export function needs(t: Test, tool: string): void {
  if (!isLeftOut(tool)) return
  t.pass(`left out: what needs ${tool}`)
  t.end()
  process.exit(0)
}
