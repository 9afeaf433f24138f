/** What a server's error answer says to people, in any of the shapes that servers use. */
import { isObject } from "../json/json-object.ts"

const fields = ["error", "message", "detail"]

/** Of `{"error": {"message": …}}` (OpenAI), `{"detail": …}` (FastAPI) and the like, or a bare text. */
export const errorText = (answer: unknown): string | undefined => {
  if (typeof answer === "string") return answer
  if (!isObject(answer)) return undefined
  for (const field of fields) {
    const said = answer[field]
    const text = isObject(said) ? said["message"] : said
    if (typeof text === "string") return text
  }
  return undefined
}
