/**
 * Records of comma-separated values (RFC 4180): fields may be quoted, and then hold delimiters, line
 * ends and doubled quotes. Wider than the RFC: any delimiter, and blanks around a quoted field.
 */

/** Delimiters that are told apart by the header. */
export const delimiters = [",", ";", "\t", "|"] as const

export type Split =
  | { readonly _tag: "Fields"; readonly fields: ReadonlyArray<string> }
  /** A quoted field goes on in the next line. */
  | { readonly _tag: "Open" }
  | { readonly _tag: "Stray"; readonly at: number }

/** A record's fields, without their quotes. O(record). */
export const splitRecord = (record: string, delimiter: string): Split => {
  if (!record.includes('"')) return { _tag: "Fields", fields: record.split(delimiter) }
  const fields: Array<string> = []
  for (let at = 0; ; at++) {
    const opening = blanksEnd(record, at, delimiter)
    if (record[opening] === '"') {
      const closing = closingQuote(record, opening)
      if (closing < 0) return { _tag: "Open" }
      fields.push(record.slice(opening + 1, closing).replaceAll('""', '"'))
      at = blanksEnd(record, closing + 1, delimiter)
      if (at < record.length && record[at] !== delimiter) return { _tag: "Stray", at: closing }
    } else {
      const next = record.indexOf(delimiter, at)
      const field = record.slice(at, next < 0 ? record.length : next)
      if (field.includes('"')) return { _tag: "Stray", at: at + field.indexOf('"') }
      fields.push(field)
      at += field.length
    }
    if (at >= record.length) return { _tag: "Fields", fields }
  }
}

/** Where a record's field begins, from 0. */
export const fieldStart = (record: string, delimiter: string, index: number): number => {
  let at = 0
  for (let i = 0; i < index; i++) {
    const opening = blanksEnd(record, at, delimiter)
    at = record.indexOf(
      delimiter,
      record[opening] === '"' ? closingQuote(record, opening) : opening,
    )
    at++
  }
  return at
}

const blanksEnd = (record: string, from: number, delimiter: string): number => {
  let at = from
  while (record[at] === " " || (record[at] === "\t" && delimiter !== "\t")) at++
  return at
}

/** The quote that ends a field whose opening quote is there; -1 where it does not end. */
const closingQuote = (record: string, opening: number): number => {
  let at = record.indexOf('"', opening + 1)
  while (at >= 0 && record[at + 1] === '"') at = record.indexOf('"', at + 2)
  return at
}

export const quotesIn = (line: string): number => {
  let count = 0
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count++
  return count
}
