import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { Plugin } from 'esbuild'
import ts from 'typescript'

/** What instrumented modules find as `globalThis.hushfsFuzz` when they are imported. */
export interface Probe {
  /** One for each branch, counting modulo 256. */
  readonly counters: Uint8Array
  /** Literals of the code, as bytes that an input may have to contain. */
  readonly words: Buffer[]
}

const LONGEST_WORD = 24

/** Counts branches in the modules whose path matches. `size()` is the number of counters so far. */
export function instrumentation(modules: RegExp): { plugin: Plugin; size: () => number } {
  let size = 0
  const plugin: Plugin = {
    name: 'instrumentation',
    setup(build) {
      // What is a regular expression of Go has no negative lookahead.
      build.onLoad({ filter: /\.(?:ts|m?js)$/ }, ({ path }) => {
        if (!modules.test(path)) return undefined
        const instrumenter = new Instrumenter(() => size++)
        const contents = instrumenter.instrument(path, readFileSync(path, 'utf8'))
        return { contents, loader: extname(path) === '.ts' ? 'ts' : 'js' }
      })
    },
  }
  return { plugin, size: () => size }
}

const { factory } = ts

class Instrumenter {
  readonly #next: () => number
  readonly #words = new Set<string>()

  constructor(next: () => number) {
    this.#next = next
  }

  instrument(path: string, source: string): string {
    const file = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true)
    const { transformed } = ts.transform(file, [
      (context) => (root) => this.#visitor(context)(root) as ts.SourceFile,
    ])
    const text = transformed[0] === undefined ? source : ts.createPrinter().printFile(transformed[0])
    const words = [...this.#words].map((word) =>
      JSON.stringify(Buffer.from(word, 'latin1').toString('base64')),
    )
    return `const $count = globalThis.hushfsFuzz.counters;
      for (const word of [${words.join()}]) globalThis.hushfsFuzz.words.push(Buffer.from(word, 'base64'));
      ${text}`
  }

  #visitor(context: ts.TransformationContext): (node: ts.Node) => ts.Node {
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isTypeNode(node)) return node
      this.#note(node)
      return this.#counted(ts.visitEachChild(node, visit, context))
    }
    return visit
  }

  /** A node whose children have their counters already. */
  #counted(node: ts.Node): ts.Node {
    if (ts.isBlock(node)) return factory.updateBlock(node, [this.#statement(), ...node.statements])
    if (ts.isIfStatement(node))
      return factory.updateIfStatement(
        node,
        node.expression,
        this.#body(node.thenStatement),
        this.#body(node.elseStatement ?? factory.createBlock([])),
      )
    if (ts.isForStatement(node))
      return factory.updateForStatement(
        node,
        node.initializer,
        node.condition,
        node.incrementor,
        this.#body(node.statement),
      )
    if (ts.isForOfStatement(node))
      return factory.updateForOfStatement(
        node,
        node.awaitModifier,
        node.initializer,
        node.expression,
        this.#body(node.statement),
      )
    if (ts.isWhileStatement(node))
      return factory.updateWhileStatement(node, node.expression, this.#body(node.statement))
    if (ts.isDoStatement(node))
      return factory.updateDoStatement(node, this.#body(node.statement), node.expression)
    if (ts.isCaseClause(node))
      return factory.updateCaseClause(node, node.expression, [this.#statement(), ...node.statements])
    if (ts.isDefaultClause(node))
      return factory.updateDefaultClause(node, [this.#statement(), ...node.statements])
    return ts.isExpression(node) ? this.#expression(node) : node
  }

  #expression(node: ts.Expression): ts.Expression {
    if (ts.isConditionalExpression(node))
      return factory.updateConditionalExpression(
        node,
        node.condition,
        node.questionToken,
        this.#before(node.whenTrue),
        node.colonToken,
        this.#before(node.whenFalse),
      )
    if (ts.isArrowFunction(node) && !ts.isBlock(node.body))
      return factory.updateArrowFunction(
        node,
        node.modifiers,
        node.typeParameters,
        node.parameters,
        node.type,
        node.equalsGreaterThanToken,
        this.#before(node.body),
      )
    if (ts.isBinaryExpression(node) && isShortCircuit(node.operatorToken.kind))
      return factory.updateBinaryExpression(node, node.left, node.operatorToken, this.#before(node.right))
    return node
  }

  /** A block counts itself. */
  #body(statement: ts.Statement): ts.Statement {
    if (ts.isBlock(statement) && statement.statements.length > 0) return statement
    return factory.createBlock([this.#statement(), statement])
  }

  #before(expression: ts.Expression): ts.Expression {
    return factory.createParenthesizedExpression(factory.createComma(this.#increment(), expression))
  }

  #statement(): ts.Statement {
    return factory.createExpressionStatement(this.#increment())
  }

  #increment(): ts.Expression {
    const counter = factory.createElementAccessExpression(factory.createIdentifier('$count'), this.#next())
    return factory.createPostfixIncrement(counter)
  }

  #note(node: ts.Node): void {
    const word = (text: string) => {
      if (text.length > 0 && text.length <= LONGEST_WORD) this.#words.add(text)
    }
    if (ts.isStringLiteralLike(node)) word(Buffer.from(node.text).toString('latin1'))
    else if (ts.isRegularExpressionLiteral(node)) for (const piece of node.text.split(/[^\w.-]+/)) word(piece)
    else if (ts.isNumericLiteral(node)) for (const text of numbers(Number(node.text))) word(text)
  }
}

function isShortCircuit(kind: ts.SyntaxKind): boolean {
  return [
    ts.SyntaxKind.AmpersandAmpersandToken,
    ts.SyntaxKind.BarBarToken,
    ts.SyntaxKind.QuestionQuestionToken,
  ].includes(kind)
}

/** As one byte, and as little-endian words of a struct. */
function numbers(value: number): string[] {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) return []
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(value)
  return [...(value < 256 ? [1] : []), 2, 4, 8].map((length) => bytes.toString('latin1', 0, length))
}
