-- Robots that wait are answered before their step gives up, and business processes whose call never came
-- are found.
ALTER TABLE waiters ADD COLUMN answer_by BIGINT NOT NULL DEFAULT 0;
ALTER TABLE waiters ADD COLUMN workflow TEXT NOT NULL DEFAULT '';
CREATE INDEX waiters_token ON waiters (portal, token);
CREATE INDEX waiters_workflow ON waiters (portal, workflow);
CREATE TABLE robot_calls (
  portal   TEXT NOT NULL,
  workflow TEXT NOT NULL,                       -- the instance of a business process that called
  code     TEXT NOT NULL,                       -- of the robot
  called   BIGINT NOT NULL,
  template BIGINT NOT NULL DEFAULT -1,          -- of the instance; -1: not asked yet, -2: it had ended
  PRIMARY KEY (portal, workflow, code)
);
CREATE INDEX robot_calls_unknown ON robot_calls (portal, called) WHERE template = -1;
CREATE TABLE robot_templates (
  portal   TEXT NOT NULL,
  entity   TEXT NOT NULL,                       -- class of its documents
  template BIGINT NOT NULL,
  code     TEXT NOT NULL,                       -- of a robot that instances of it have called
  seen     BIGINT NOT NULL,
  PRIMARY KEY (portal, entity, template, code)
);
CREATE TABLE stuck_workflows (
  portal   TEXT NOT NULL,
  workflow TEXT NOT NULL,
  data     TEXT NOT NULL,                       -- what is known of it: JSON
  found    BIGINT NOT NULL,
  PRIMARY KEY (portal, workflow)
);
