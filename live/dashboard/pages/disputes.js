/** Disputes over hours, for the platform to rule on. */
import { ask } from "./api.js"
import { announce, element, field, fill, onSubmit } from "./dom.js"
import { credits } from "./format.js"
import { problemOf } from "./hours.js"

/** @param {HTMLElement} place @param {() => void} changed */
export const showDisputes = async (place, changed) => {
  try {
    const { data } = await ask("GET", "admin/disputes")
    fill(
      place,
      element("h2", {}, "Disputes"),
      data.length === 0
        ? element("p", { class: "panel empty" }, "Nothing is in dispute.")
        : data.map((one) =>
            disputePanel(one, () => {
              changed()
              void showDisputes(place, changed)
            }),
          ),
    )
  } catch (error) {
    fill(place, element("h2", {}, "Disputes"), problemOf(error))
  }
}

const moment = (iso) =>
  new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })

const disputePanel = (booking, done) => {
  const share = element("input", {
    type: "number",
    min: "0",
    max: "100",
    value: "50",
    required: true,
  })
  const statement = element("input", { type: "text", maxlength: "4000" })
  const said = booking.history.filter(({ step }) => step === "disputed" || step === "answered")
  const form = element(
    "form",
    { class: "panel" },
    element("h2", {}, booking.gpu),
    element(
      "p",
      {},
      `${credits(booking.price)} credits for ${Math.round(booking.hours * 100) / 100} h; ${credits(booking.held)} held. Disputed by the ${booking.disputed_by}; ${booking.is_answered ? "answered" : "not answered yet"}.`,
    ),
    element(
      "p",
      {},
      element("code", {}, booking.booking_id),
      ` ${moment(booking.start)} – ${moment(booking.end)}${booking.deadline === null ? "" : `; left alone, the evidence decides or it goes on at ${moment(booking.deadline)}`}.`,
    ),
    said.map(({ details }) =>
      element("p", {}, `${details.by}: ${details.statement ?? "(no words)"}`),
    ),
    field("The consumer’s part, %", share, "From 50 on, the provider has lost."),
    field("Why", statement, "Both parties read it."),
    element("button", { type: "submit" }, "Rule"),
  )
  return onSubmit(form, async () => {
    await ask("POST", `admin/disputes/${booking.booking_id}/ruling`, {
      consumer_share: Number(share.value) / 100,
      ...(statement.value === "" ? {} : { statement: statement.value }),
    })
    announce("Ruled")
    done()
  })
}
