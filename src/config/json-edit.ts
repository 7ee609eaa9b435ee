import { applyEdits, modify, type ModificationOptions } from 'jsonc-parser'

/** Set, or with undefined remove, a value of a JSON text; the rest stays as it is laid out. */
export function setInJson(text: string, path: readonly string[], value: unknown): string {
  return applyEdits(text, modify(text, [...path], value, layoutOf(text)))
}

/** The indentation of the first indented line. */
function layoutOf(text: string): ModificationOptions {
  const [, indent = '  '] = /\n([ \t]+)\S/.exec(text) ?? []
  return {
    formattingOptions: {
      insertSpaces: !indent.startsWith('\t'),
      tabSize: indent.length,
      eol: text.includes('\r\n') ? '\r\n' : '\n',
    },
  }
}
