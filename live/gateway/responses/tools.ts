/**
 * Tools of a response as tools of a chat. Hosts know functions only: a custom tool, whose input is any
 * text, is a function of one text.
 */
import { badRequest } from "../../http/http-error.ts"
import { parseObject } from "../../../platform/json/json-object.ts"
import type { ResponsesBody, Tool } from "./body.ts"

/** The function's one argument. */
const inputField = "input"

export const customArguments = (input: string): string => JSON.stringify({ [inputField]: input })

/** The input in the arguments of a custom tool's call: they themselves, where a model writes no JSON. */
export const customInput = (given: string): string => {
  const input = parseObject(given)?.[inputField]
  return typeof input === "string" ? input : given
}

export const customNames = ({ tools }: ResponsesBody): ReadonlySet<string> =>
  new Set((tools ?? []).filter(({ type }) => type === "custom").map(({ name }) => name))

/** `tools` and `tool_choice` of a chat. Throws where the choice names what is not there. */
export const chatTools = ({ tools, tool_choice: choice }: ResponsesBody) => {
  const all = tools ?? []
  if (choice === undefined || choice === null) return toolFields(all)
  if (typeof choice === "string") return { ...toolFields(all), tool_choice: choice }
  if (choice.type !== "allowed_tools") {
    named(all, choice)
    return {
      ...toolFields(all),
      tool_choice: { type: "function", function: { name: choice.name } },
    }
  }
  // A tool that may not be called need not be known: hosts have no word for "only these".
  const allowed = new Set(choice.tools.map((one) => named(all, one)))
  return { ...toolFields(all.filter((tool) => allowed.has(tool))), tool_choice: choice.mode }
}

const named = (
  tools: ReadonlyArray<Tool>,
  given: { readonly type: string; readonly name: string },
) => {
  const found = tools.find(({ type, name }) => type === given.type && name === given.name)
  if (found === undefined)
    throw badRequest(
      `\`tool_choice\`: there is no ${given.type} ${JSON.stringify(given.name.slice(0, 200))} in \`tools\``,
      "tool_choice",
    )
  return found
}

const toolFields = (tools: ReadonlyArray<Tool>) =>
  tools.length === 0 ? {} : { tools: tools.map(chatTool) }

const chatTool = (tool: Tool) => ({
  type: "function",
  function: tool.type === "function" ? chatFunction(tool) : customFunction(tool),
})

type FunctionTool = Extract<Tool, { readonly type: "function" }>
type CustomTool = Extract<Tool, { readonly type: "custom" }>

const chatFunction = ({ name, description, parameters, strict }: FunctionTool) => ({
  name,
  ...(typeof description === "string" ? { description } : {}),
  ...(parameters === undefined || parameters === null ? {} : { parameters }),
  ...(typeof strict === "boolean" ? { strict } : {}),
})

const customFunction = ({ name, description, format }: CustomTool) => {
  const grammar =
    format?.type === "grammar"
      ? `The input follows this ${format.syntax} grammar:\n${format.definition}`
      : undefined
  const said = [description, grammar].filter((one) => typeof one === "string").join("\n\n")
  return {
    name,
    ...(said === "" ? {} : { description: said }),
    parameters: {
      type: "object",
      properties: { [inputField]: { type: "string" } },
      required: [inputField],
      additionalProperties: false,
    },
  }
}
