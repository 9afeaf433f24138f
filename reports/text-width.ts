/**
 * How wide a text will be, where no browser can be asked.
 *
 * Vega lays out legends and titles by the width of their texts. Without a canvas it takes 0.8 em a
 * character, half as much again as most are. These are the advance widths of Helvetica (Adobe's core
 * font metrics), which Arial and Liberation Sans share; other fonts of this kind are up to a fifth
 * wider (DejaVu Sans), hence the margin.
 */
import * as vega from "vega"

/** Thousandths of an em for the characters from U+0020 to U+007E. */
const advances = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
  556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
  611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
  667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
  222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
]

const margin = 1.2

/** East Asian scripts and pictographs are an em wide; accented Latin is as wide as an "n". */
const advanceOf = (character: string): number => {
  const code = character.codePointAt(0) ?? 0
  return advances[code - 0x20] ?? (code >= 0x1100 ? 1000 : 556)
}

/** Estimated width in pixels. O(length). */
export const textWidth = (text: string, fontSize: number): number => {
  let thousandths = 0
  for (const character of text) thousandths += advanceOf(character)
  return (thousandths * fontSize * margin) / 1000
}

/** The text in lines no wider than `width`, broken between words. */
export const wrapText = (text: string, fontSize: number, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const line = lines.at(-1)
    if (line !== undefined && textWidth(`${line} ${word}`, fontSize) <= width) {
      lines[lines.length - 1] = `${line} ${word}`
    } else lines.push(word)
  }
  return lines
}

/** What Vega exports to be replaced, and does not declare. */
interface VegaWithMetrics {
  readonly textMetrics: {
    width: (item: { readonly fontSize?: number; readonly text?: unknown }, text: unknown) => number
  }
}

/** Makes Vega measure by this table. For programs without a canvas only. */
export const measureTextByTable = (): void => {
  const { textMetrics } = vega as unknown as VegaWithMetrics
  textMetrics.width = (item, text) =>
    textWidth(String(text ?? item.text ?? ""), item.fontSize ?? 11)
}
