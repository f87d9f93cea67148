BEGIN TRANSACTION;
CREATE TABLE customers (
	source TEXT NOT NULL, 
	customer_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	attributed BOOLEAN NOT NULL, 
	state TEXT NOT NULL, 
	previous_name TEXT, 
	renamed_at DATETIME, 
	first_seen_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	PRIMARY KEY (source, customer_id)
);
INSERT INTO "customers" VALUES('cove','1','Acme',1,'',NULL,NULL,'2026-11-01 06:00:00.000000','2026-11-01 06:00:00.000000');
CREATE TABLE ledger_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT ledger_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "ledger_version" VALUES('0001');
CREATE TABLE locks (
	workspace TEXT NOT NULL, 
	token TEXT NOT NULL, 
	host TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	since DATETIME NOT NULL, 
	renewed_at DATETIME NOT NULL, 
	PRIMARY KEY (workspace)
);
INSERT INTO "locks" VALUES('main','7c04936dc7ac3237','old-host',4711,'2026-11-01 06:00:00.000000','2026-11-01 06:00:00.000000');
CREATE TABLE meters (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	customer_id TEXT NOT NULL, 
	device_id TEXT NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	last_bytes BIGINT, 
	last_read_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT meters_key UNIQUE (source, customer_id, device_id)
);
INSERT INTO "meters" VALUES(1,'cove','1','d','2026-11-01 06:00:00.000000',1000000000,'2026-11-01 06:00:00.000000');
CREATE TABLE objects (
	workspace TEXT NOT NULL, 
	address TEXT NOT NULL, 
	object_id BIGINT, 
	created BOOLEAN NOT NULL, 
	fields JSON NOT NULL, 
	written_at DATETIME NOT NULL, 
	PRIMARY KEY (workspace, address)
);
INSERT INTO "objects" VALUES('main','Product/gb',7,1,'{"identifier":"GB"}','2026-11-01 06:00:00.000000');
CREATE TABLE pulls (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	error TEXT, 
	notes JSON NOT NULL, 
	customers INTEGER NOT NULL, 
	samples INTEGER NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "pulls" VALUES(1,'cove','2026-11-01 06:00:00.000000','2026-11-01 06:00:00.000000','whole',NULL,'["one note"]',1,1);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	workspace TEXT NOT NULL, 
	plan_digest TEXT NOT NULL, 
	started_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	outcome JSON, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'main','sha256:0','2026-11-01 06:00:00.000000',NULL,NULL);
CREATE TABLE samples (
	pull_id INTEGER NOT NULL, 
	meter_id INTEGER NOT NULL, 
	observed_at DATETIME, 
	bytes BIGINT, 
	PRIMARY KEY (pull_id, meter_id), 
	FOREIGN KEY(pull_id) REFERENCES pulls (id), 
	FOREIGN KEY(meter_id) REFERENCES meters (id)
)
 WITHOUT ROWID

;
INSERT INTO "samples" VALUES(1,1,NULL,1000000000);
CREATE TABLE writes (
	id INTEGER NOT NULL, 
	run_id INTEGER NOT NULL, 
	workspace TEXT NOT NULL, 
	address TEXT NOT NULL, 
	method TEXT NOT NULL, 
	path TEXT NOT NULL, 
	body JSON, 
	natural_key JSON NOT NULL, 
	sent_at DATETIME NOT NULL, 
	state TEXT NOT NULL, 
	object_id BIGINT, 
	answer JSON, 
	error TEXT, 
	answered_at DATETIME, 
	PRIMARY KEY (id), 
	FOREIGN KEY(run_id) REFERENCES runs (id)
);
INSERT INTO "writes" VALUES(1,1,'main','Product/gb','POST','procurement/catalog','{"identifier":"GB"}','{"identifier":"GB"}','2026-11-01 06:00:00.000000','done',7,'{"id":7}',NULL,'2026-11-01 06:00:00.000000');
INSERT INTO "writes" VALUES(2,1,'main','Company/acme','POST','company/companies','{"identifier":"acme"}','{"identifier":"acme"}','2026-11-01 06:00:00.000000','open',NULL,NULL,NULL,NULL);
CREATE INDEX pulls_by_time ON pulls (source, state, started_at);
CREATE INDEX runs_by_workspace ON runs (workspace, id);
CREATE INDEX writes_by_address ON writes (workspace, address, id);
CREATE INDEX writes_by_state ON writes (workspace, state);
COMMIT;
