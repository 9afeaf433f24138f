/** The tools that a chat's model may call, and which it has to. */
import { Schema } from "effect"
import { FreeForm, listOf, optional } from "./body-fields.ts"

const name = Schema.NonEmptyString
const text = Schema.String

const Definition = Schema.Struct({
  name,
  description: optional(text),
  parameters: optional(FreeForm),
  strict: optional(Schema.Boolean),
})

const Tool = Schema.Union(
  Schema.Struct({
    type: Schema.optionalWith(Schema.Literal("function"), { exact: true }),
    function: Definition,
  }),
  Schema.Struct({
    type: Schema.Literal("custom"),
    custom: Schema.Struct({
      name,
      description: optional(text),
      format: optional(
        Schema.Struct({
          type: Schema.Literal("text", "grammar"),
          grammar: optional(
            Schema.Struct({ definition: text, syntax: Schema.Literal("lark", "regex") }),
          ),
        }),
      ),
    }),
  }),
)

const Named = Schema.Struct({ name })
const Choice = Schema.Union(
  Schema.Struct({ type: Schema.Literal("function"), function: Named }),
  Schema.Struct({ type: Schema.Literal("custom"), custom: Named }),
)

const mostTools = 10_000

export const tooling = {
  tools: optional(listOf(Tool, mostTools)),
  tool_choice: optional(
    Schema.Union(
      Schema.Literal("none", "auto", "required", "any"),
      Choice,
      Schema.Struct({
        type: Schema.Literal("allowed_tools"),
        allowed_tools: Schema.Struct({
          mode: Schema.Literal("auto", "required"),
          tools: listOf(Choice, mostTools),
        }),
      }),
    ),
  ),
  parallel_tool_calls: optional(Schema.Boolean),
  functions: optional(listOf(Definition, mostTools), "As `tools`, of earlier clients"),
  function_call: optional(Schema.Union(Schema.Literal("none", "auto"), Named)),
}
