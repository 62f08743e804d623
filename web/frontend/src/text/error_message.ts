/** The message of whatever was thrown: JavaScript throws any value, and a rejected promise says nothing of its type. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
