/** Who can read a new comment before its writer has chosen: nothing is shared by a default. */

/** A private note: no partnership. */
export const ONLY_ME = "";
export const NOT_CHOSEN = "?";

/** Her own lesson: only herself. A coach: the owner, unless they are two in several ways; then he is asked. */
export function firstAudience(isOwner: boolean, audiences: { partnership_id: string }[]): string {
  if (isOwner || audiences.length === 0) return ONLY_ME;
  return audiences.length === 1 ? audiences[0]!.partnership_id : NOT_CHOSEN;
}
