/** Batches: many calls at once that can wait for a day, at a discount. */
import { Schema } from "effect"
import { Settings } from "../../engine/index.ts"

const { between, nonNegative, positive, setting, wholeBetween } = Settings

export const Batches = Schema.Struct({
  perDay: setting(nonNegative("batches a day"), {
    default: 0,
    meaning: "How many batches are handed in, without memory; of the scenario's first model.",
  }),
  clients: setting(wholeBetween("clients", 1, 10_000), {
    default: 10,
    meaning: "Who hand them in, each from an account of its own.",
  }),
  items: setting(wholeBetween("items", 1, 100_000), {
    default: 50,
    meaning: "Calls of a batch.",
    source: "assumed; 003: min_batch_size 10",
  }),
  inputTokens: setting(wholeBetween("tokens", 0, 1_000_000), {
    default: 1000,
    meaning: "Length of each prompt.",
  }),
  outputTokens: setting(wholeBetween("tokens", 1, 1_000_000), {
    default: 500,
    meaning: "Length of each answer, which is all that is asked for.",
  }),
  fromHour: setting(between("an hour of the day", 0, 24), {
    default: 0,
    meaning: "From when on they are handed in, by the clock of demand.",
  }),
  untilHour: setting(between("an hour of the day", 0, 24), {
    default: 24,
    meaning: "Until when.",
  }),
  windowHours: setting(Schema.NullOr(positive("hours")), {
    default: null,
    meaning:
      "Within which they have to be done; null: the whole window, which the discount is for.",
  }),
}).annotations({ description: "Many calls at once that can wait." })
