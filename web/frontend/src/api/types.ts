/** The shapes of the API that the pages use, from its own description (web/frontend/openapi.json). */
import type { components } from "./schema";

type Schemas = components["schemas"];
export type LessonPage = Schemas["LessonPageView"];
export type Comment = Schemas["CommentView"];
export type Audience = Schemas["AudienceView"];
export type Share = Schemas["ShareView"];
export type Steps = Schemas["StepsView"];
export type Turn = Schemas["TurnView"];
export type Question = Schemas["QuestionView"];
export type Correction = Schemas["CorrectionView"];
export type CommentVersion = Schemas["CommentVersionView"];
export type Clip = Schemas["ClipView"];
export type ClipPage = Schemas["ClipPageView"];
export type SessionPage = Schemas["SessionView"];
export type Room = Schemas["RoomView"];
export type Said = Schemas["SaidView"];
