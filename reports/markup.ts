/**
 * HTML by a template that escapes by default. Names and titles come from scenario files, which anyone
 * may have written: whatever is put into a template is text, unless it was made by a template itself.
 *
 *   markup`<p>${title}</p>`
 */
import { escapeHtml } from "./escape.ts"

/** HTML, as opposed to text. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  /** It was joined to a text, past this module. */
  toString(): never {
    throw new Error("HTML is put together by markup`…` and joined(…)")
  }
}

export type Part = Html | string | number | ReadonlyArray<Html>

/** A list stands line by line. */
const shown = (part: Part): string => {
  if (part instanceof Html) return part.text
  if (typeof part === "number") return String(part)
  return typeof part === "string" ? escapeHtml(part) : part.map(({ text }) => text).join("\n")
}

export const markup = (strings: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html =>
  new Html(
    parts.reduce<string>(
      (text, part, index) => text + shown(part) + (strings[index + 1] ?? ""),
      strings[0] ?? "",
    ),
  )

/** What is HTML already: pictures, style sheets and scripts of our own. */
export const trusted = (text: string): Html => new Html(text)

export const nothing = new Html("")

/** Parts one after the other, with markup between them. */
export const joined = (parts: ReadonlyArray<Html | string>, between: string): Html =>
  new Html(parts.map(shown).join(between))
