-- Robots that wait are answered before their step gives up, and business processes whose call never came
-- are found.
ALTER TABLE waiters ADD COLUMN answer_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE waiters ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
CREATE INDEX waiters_token ON waiters (portal, token);
CREATE INDEX waiters_workflow ON waiters (portal, workflow);
CREATE TABLE robot_calls (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  portal   TEXT NOT NULL,
  workflow TEXT NOT NULL,                       -- the instance of a business process that called
  code     TEXT NOT NULL,                       -- of the robot
  called   BIGINT NOT NULL,
  learned  SMALLINT NOT NULL DEFAULT 0,         -- 1: its template is known, or it had ended
  UNIQUE (portal, workflow, code)
);
CREATE INDEX robot_calls_unlearned ON robot_calls (portal, called) WHERE learned = 0;
CREATE INDEX robot_calls_called ON robot_calls (portal, called);
CREATE TABLE robot_templates (
  portal   TEXT NOT NULL,
  entity   TEXT NOT NULL,                       -- class of its documents
  template BIGINT NOT NULL,
  code     TEXT NOT NULL,                       -- of a robot that workflows of it call
  learned  BIGINT NOT NULL,
  called   BIGINT NOT NULL,                     -- latest call that was seen
  PRIMARY KEY (portal, entity, template, code)
);
CREATE TABLE stuck_workflows (
  portal   TEXT NOT NULL,
  workflow TEXT NOT NULL,
  data     TEXT NOT NULL,                       -- what is known of it: JSON
  PRIMARY KEY (portal, workflow)
);
