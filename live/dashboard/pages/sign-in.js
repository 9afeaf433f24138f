/** What a page shows to whoever is not signed in: show a key, open an account, or find the way back in. */
import { ask, signedOut } from "./api.js"
import { copyButton, element, field, fill, onSubmit } from "./dom.js"

/**
 * Shows `show(place, session, again)` to who is signed in as `role`, the forms to others; `again` looks
 * who that is now. Gives what ends it.
 *
 * @param {HTMLElement} place
 * @param {"account" | "admin"} role
 * @param {(place: HTMLElement, session: any, again: () => void) => () => void} show
 */
export const forSignedIn = (place, role, show) => {
  let stop = () => {}
  let isLeft = false
  const begin = async () => {
    stop()
    stop = () => {}
    const { [role]: session } = await ask("GET", "session")
    if (isLeft) return
    if (session === null)
      fill(place, role === "admin" ? adminForm(again) : accountForms(place, again))
    else stop = show(place, session, again)
  }
  const again = () =>
    void begin().catch((error) =>
      fill(place, element("p", { class: "problem", role: "alert" }, error.message)),
    )
  addEventListener(signedOut, again)
  again()
  return () => {
    isLeft = true
    removeEventListener(signedOut, again)
    stop()
  }
}

/** @param {"account" | "admin"} role @param {() => void} done */
export const signOutButton = (role, done) =>
  element(
    "button",
    {
      type: "button",
      class: "quiet",
      click: async () => {
        await ask("DELETE", `session?role=${role}`).catch(() => {})
        done()
      },
    },
    "Sign out",
  )

const secretInput = (placeholder) =>
  element("input", {
    type: "password",
    autocomplete: "off",
    spellcheck: "false",
    required: true,
    maxlength: "256",
    placeholder,
  })

const adminForm = (done) => {
  const key = secretInput("ak_live_…")
  const form = element(
    "form",
    { class: "panel" },
    field(
      "Admin key",
      key,
      "As the gateway printed it at its first start. Signs this browser in for 12 hours.",
    ),
    element("button", { type: "submit" }, "Sign in"),
  )
  return onSubmit(form, async () => {
    const { admin } = await ask("POST", "session", { key: key.value.trim() })
    if (admin === null)
      throw new Error("This is the key of an account; the admin’s begins with ak_live_.")
    done()
  })
}

const accountForms = (place, done) => {
  const key = secretInput("sk_live_…")
  const signIn = element(
    "form",
    { class: "panel" },
    element("h2", {}, "I have a key"),
    field(
      "Key of your account",
      key,
      "Signs this browser in for two weeks; the key itself is not kept in it.",
    ),
    element("button", { type: "submit" }, "Sign in"),
  )
  onSubmit(signIn, async () => {
    const { account } = await ask("POST", "session", { key: key.value.trim() })
    if (account === null)
      throw new Error("This is an admin’s key: it signs in on the page “Admin”.")
    done()
  })
  const name = element("input", { type: "text", required: true, maxlength: "100" })
  const signUp = element(
    "form",
    { class: "panel" },
    element("h2", {}, "I am new here"),
    field("What shall the account be called?", name),
    element("button", { type: "submit" }, "Open an account"),
  )
  onSubmit(signUp, async () => {
    const opened = await ask("POST", "accounts", { name: name.value })
    await welcome(place, opened, `Welcome, ${opened.name}`, done)
  })
  const code = secretInput("rc_live_…")
  const recover = element(
    "form",
    { class: "panel" },
    element("h2", {}, "I have lost my keys"),
    field(
      "Recovery code",
      code,
      "It was shown when the account was opened. Using it ends all keys of the account, and makes a new one.",
    ),
    element("button", { type: "submit" }, "Recover my account"),
  )
  onSubmit(recover, async () => {
    const recovered = await ask("POST", "accounts/recover", { recovery_code: code.value.trim() })
    await welcome(place, recovered, `Welcome back, ${recovered.name}`, done)
  })
  return element("div", { class: "columns" }, signIn, signUp, recover)
}

/** Signed in before the secrets are shown, so that a reload does not lose the account. */
const welcome = async (place, { api_key: key, recovery_code: code }, title, done) => {
  await ask("POST", "session", { key }).catch(() => {})
  fill(
    place,
    element(
      "div",
      { class: "panel" },
      element("h2", { tabindex: "-1" }, title),
      element("p", {}, "Both are shown this once: keep them somewhere safe now, and apart."),
      element("h3", {}, "Your key, for your programs and to sign in"),
      secretBox(key),
      element("h3", {}, "Your recovery code, for when all keys are lost"),
      secretBox(code),
      element("button", { type: "button", click: done }, "I have kept them; show my account"),
    ),
  )
  place.querySelector("h2").focus()
}

/** A secret that is shown once, with a way to copy it. */
export const secretBox = (secret) =>
  element(
    "p",
    { class: "secret" },
    element("code", { tabindex: "0" }, secret),
    copyButton(() => secret),
  )
