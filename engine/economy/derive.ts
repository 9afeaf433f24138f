/**
 * Economies from data: the defaults, and an economy derived from another by a patch of knobs.
 */
import { Data, Either, ParseResult, Schema } from "effect"
import { defaultsOf } from "../core/knob.ts"
import { isTree, overlay } from "../core/overlay.ts"
import { settingsIn } from "../core/setting-rows.ts"
import { feeBpsKnob } from "../rules/money.ts"
import { Economy, economyKnobs } from "./schema.ts"

/** A patch or a file that is no valid economy: every place, and what is allowed there. */
export class EconomyInvalid extends Data.TaggedError("EconomyInvalid")<{
  readonly issues: ReadonlyArray<{ readonly path: string; readonly message: string }>
}> {
  override get message(): string {
    return this.issues.map(({ path, message }) => `${path}: ${message}`).join("\n")
  }
}

type DeepPartial<T> =
  T extends ReadonlyArray<unknown>
    ? T
    : T extends object
      ? { readonly [K in keyof T]?: DeepPartial<T[K]> }
      : T
export type EconomyPatch = DeepPartial<Economy>

/** Every knob at its default, which is the credit economy as its document says: `pooled`. */
export const defaultEconomy: Economy = {
  name: "pooled",
  meaning: "The credit economy as its document says, literally.",
  feeBps: feeBpsKnob.default,
  ...(Object.fromEntries(
    Object.entries(economyKnobs).map(([group, knobs]) => [group, defaultsOf(knobs)]),
  ) as Omit<Economy, "name" | "meaning" | "feeBps">),
}

const decode = Schema.decodeUnknownEither(Economy, { errors: "all", onExcessProperty: "error" })

/**
 * `base` with the knobs of `patch` in place of its own. `patch` comes from a file or a command line
 * and is checked whole: an unknown knob, a wrong type or a value out of range is an issue with its
 * path below `at`.
 */
export const deriveEconomy = (
  base: Economy,
  patch: unknown,
  at = "economy",
): Either.Either<Economy, EconomyInvalid> =>
  Either.mapLeft(
    decode(overlay(base, patch)),
    (error) =>
      new EconomyInvalid({
        issues: ParseResult.ArrayFormatter.formatErrorSync(error).map((issue) => ({
          path: [at, ...issue.path.map(String)].join("."),
          message:
            issue._tag === "Unexpected"
              ? `no such knob; allowed here: ${allowedAt(issue.path.slice(0, -1).map(String)).join(", ")}`
              : issue.message,
        })),
      }),
  )

const allowedAt = (path: ReadonlyArray<string>): ReadonlyArray<string> => {
  let place: unknown = defaultEconomy
  // Every row of a table is like the default's first.
  for (const key of path)
    place = isTree(place) ? place[key] : Array.isArray(place) ? place[0] : undefined
  return isTree(place) ? Object.keys(place) : []
}

/** One row of `evenkeel economy show`: where the knob stands and what it means. */
export interface KnobRow {
  readonly path: string
  readonly value: unknown
  readonly unit: string
  readonly meaning: string
  readonly source: string
}

/** Every knob of an economy with its facts, in the order of the rules. */
export const knobRows = (economy: Economy): ReadonlyArray<KnobRow> =>
  settingsIn(Economy).map(({ path, unit, meaning, source }) => ({
    path,
    value: path
      .split(".")
      .reduce<unknown>((place, name) => (isTree(place) ? place[name] : undefined), economy),
    unit,
    meaning,
    source,
  }))
