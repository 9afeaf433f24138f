/** One digest over several texts, in their order: 16 hexadecimal digits. */
import { emptyDigest, hexOf, mixText } from "../../engine/index.ts"

export const digestOfTexts = (texts: ReadonlyArray<string>): string => {
  const digest = emptyDigest()
  for (const text of texts) mixText(digest, text)
  return hexOf(digest)
}
