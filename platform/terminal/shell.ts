/** Words for a POSIX shell, so that a command that Evenkeel prints can be run as it stands. */

/** The text as one word: itself where no character means anything to a shell, else in quotes. */
export const quoteForShell = (text: string): string =>
  /^[\w./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
