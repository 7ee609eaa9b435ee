// Part of the built program: runs a bundle by V8's code cache, which the build has made beside it.
'use strict'
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

/** A cache of another version of V8 is refused by V8: the bundle is compiled then, which takes longer. */
function compile(name) {
  const filename = join(__dirname, `${name}.bundle.js`)
  const code = readFileSync(filename, 'latin1')
  // A first line of its own for what starts the program: line numbers of stack traces fit the file.
  const source = `(function(require,__filename){${code.startsWith('#!') ? '//' : ''}${code}\n})`
  return new Script(source, { filename, cachedData: cacheOf(name) })
}

function cacheOf(name) {
  try {
    return readFileSync(join(__dirname, `${name}.cache`))
  } catch {
    return undefined
  }
}

function start(script, name) {
  script.runInThisContext()(require, join(__dirname, `${name}.bundle.js`))
}

module.exports = { compile, start, run: (name) => start(compile(name), name) }
