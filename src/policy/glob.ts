/** Product contract: `*` and `?` are the only wildcards, every other character stands for itself. */
const WILDCARD = /[*?]/

export function hasWildcard(pattern: string): boolean {
  return WILDCARD.test(pattern)
}

/** Does `pattern` match the whole of `text`? Linear in their product at worst, without recursion. */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let resume = 0
  while (t < text.length) {
    const c = pattern[p]
    if (c === '*') {
      star = p++
      resume = t
    } else if (c !== undefined && (c === '?' || c === text[t])) {
      p++
      t++
    } else if (star === -1) {
      return false
    } else {
      p = star + 1
      t = ++resume
    }
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}

/** Is there a text that both patterns match? */
export function globsIntersect(a: string, b: string): boolean {
  // reachable[j]: the part of `a` so far and the first j characters of `b` have a common text.
  let reachable = firstRow(b)
  for (const c of a) {
    const next = [(reachable[0] ?? false) && c === '*']
    for (let j = 1; j <= b.length; j++) {
      const d = b[j - 1]
      const bothOne = (reachable[j - 1] ?? false) && oneMeets(c, d)
      const starOfA = c === '*' && ((next[j - 1] ?? false) || (reachable[j] ?? false))
      const starOfB = d === '*' && ((next[j - 1] ?? false) || (reachable[j] ?? false))
      next.push(bothOne || starOfA || starOfB)
    }
    reachable = next
  }
  return reachable[b.length] ?? false
}

function firstRow(b: string): boolean[] {
  const row = [true]
  for (const d of b) row.push((row.at(-1) ?? false) && d === '*')
  return row
}

function oneMeets(c: string, d: string | undefined): boolean {
  return c === d || c === '?' || d === '?' || c === '*' || d === '*'
}
