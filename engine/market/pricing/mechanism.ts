/** Models and their prices. */
import type { Mechanism } from "../state/mechanism.ts"
import { onModelListed } from "./models.ts"

export const models: Mechanism = { name: "models", takes: { ModelListed: onModelListed } }
