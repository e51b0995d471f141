<?php
/**
 * The bridge's own tables. Their names begin with the shop's prefix and `erpsync_`; uninstalling drops them all.
 */
class ErpSync_Tables
{
    /** @return array name without prefix => columns and keys */
    public static function definitions()
    {
        return array(
            // Settings, secrets and what the relay remembers.
            'erpsync_state' => 'name VARCHAR(40) NOT NULL, value MEDIUMTEXT NOT NULL, PRIMARY KEY (name)',
            // One row. Not AUTO_INCREMENT, which restarts on some servers.
            'erpsync_counter' => 'one TINYINT UNSIGNED NOT NULL, seq BIGINT UNSIGNED NOT NULL, PRIMARY KEY (one)',
            // What triggers write: append-only and without a row that two writers share, so that no shop statement ever
            // waits for another here. op: w written, d deleted, m line rec_id moved from order from_id, l line deleted.
            'erpsync_change' => "id BIGINT UNSIGNED NOT NULL, kind VARCHAR(8) NOT NULL, thing_id BIGINT UNSIGNED NOT NULL,
                op CHAR(1) NOT NULL, rec_id BIGINT UNSIGNED NOT NULL DEFAULT 0, from_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
                stamp BIGINT UNSIGNED NOT NULL DEFAULT 0, no VARCHAR(40) NOT NULL DEFAULT '',
                status TINYINT UNSIGNED NULL, PRIMARY KEY (id)",
            // One row per changed thing, and one per deleted identity. A relayed row stays, for the changes feed.
            'erpsync_outbox' => "row_id INT UNSIGNED NOT NULL AUTO_INCREMENT, kind VARCHAR(8) NOT NULL,
                thing_id BIGINT UNSIGNED NOT NULL, deleted TINYINT UNSIGNED NOT NULL DEFAULT 0,
                stamp BIGINT UNSIGNED NOT NULL DEFAULT 0, seq BIGINT UNSIGNED NOT NULL, changed_at INT UNSIGNED NOT NULL,
                state TINYINT UNSIGNED NOT NULL DEFAULT 0, attempts INT UNSIGNED NOT NULL DEFAULT 0,
                not_before INT UNSIGNED NOT NULL DEFAULT 0, payload MEDIUMTEXT NULL, problem TEXT NULL, digest CHAR(32) NOT NULL DEFAULT '',
                PRIMARY KEY (row_id), UNIQUE KEY thing (kind, thing_id, deleted, stamp), KEY seq (seq),
                KEY due (state, not_before, seq)",
            // What the bridge last knew of a thing: what a tombstone needs, and what polling compares.
            'erpsync_seen' => "kind VARCHAR(8) NOT NULL, thing_id BIGINT UNSIGNED NOT NULL, stamp BIGINT UNSIGNED NOT NULL,
                no VARCHAR(40) NOT NULL DEFAULT '', status TINYINT UNSIGNED NULL, rec_ids MEDIUMTEXT NOT NULL,
                digest CHAR(32) NOT NULL DEFAULT '', merged_into BIGINT UNSIGNED NOT NULL DEFAULT 0,
                merged_stamp BIGINT UNSIGNED NOT NULL DEFAULT 0, gone_at INT UNSIGNED NOT NULL DEFAULT 0, seen_at INT UNSIGNED NOT NULL,
                PRIMARY KEY (kind, thing_id, stamp), KEY merged (merged_into)",
            // The order a line was last seen in (from_id: the one it is known to come from): a line that turns up in another
            // one tells of a merge. And what the shop may forget: the code of its SKU, the members of its package (JSON).
            'erpsync_line' => "rec_id BIGINT UNSIGNED NOT NULL, order_id BIGINT UNSIGNED NOT NULL,
                from_id BIGINT UNSIGNED NOT NULL DEFAULT 0, product_sn VARCHAR(60) NOT NULL DEFAULT '',
                package_goods MEDIUMTEXT NULL, PRIMARY KEY (rec_id), KEY order_id (order_id), KEY from_id (from_id)",
            'erpsync_nonce' => 'nonce VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, seen_at INT UNSIGNED NOT NULL, PRIMARY KEY (nonce),
                KEY seen_at (seen_at)',
            // The instant (ms) of the ERP's figure that was last written for a SKU: an older one is refused.
            'erpsync_stock' => "goods_id BIGINT UNSIGNED NOT NULL, product_id BIGINT UNSIGNED NOT NULL,
                as_of BIGINT UNSIGNED NOT NULL, quantity INT NOT NULL, origin VARCHAR(40) NOT NULL DEFAULT '',
                PRIMARY KEY (goods_id, product_id)",
            // Claims of write-backs that take several statements: resumed by step, answered alike when repeated.
            'erpsync_command' => "kind VARCHAR(12) NOT NULL, command_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, request_hash CHAR(64) NOT NULL,
                step VARCHAR(20) NOT NULL, data MEDIUMTEXT NOT NULL, at INT UNSIGNED NOT NULL,
                PRIMARY KEY (kind, command_id)",
        );
    }

    /** InnoDB where the server has it, whatever the shop's tables are: then a change and its row commit together. */
    public static function create(ErpSync_Db $db)
    {
        $engine = self::hasInnoDb($db) ? 'InnoDB' : 'MyISAM';
        $charset = $db->fourByte ? 'utf8mb4' : 'utf8';
        foreach (self::definitions() as $name => $definition) {
            $db->exec('CREATE TABLE IF NOT EXISTS {' . $name . '} (' . $definition . ') ENGINE=' . $engine
                . ' DEFAULT CHARSET=' . $charset);
        }
        $db->exec('INSERT IGNORE INTO {erpsync_counter} (one, seq) VALUES (1, 0)');
    }

    public static function drop(ErpSync_Db $db)
    {
        foreach (array_keys(self::definitions()) as $name) {
            $db->exec('DROP TABLE IF EXISTS {' . $name . '}');
        }
    }

    public static function exist(ErpSync_Db $db)
    {
        return $db->columns('erpsync_state') !== array();
    }

    public static function hasInnoDb(ErpSync_Db $db)
    {
        foreach ($db->rows('SHOW ENGINES') as $engine) {
            if ($engine['Engine'] === 'InnoDB') {
                return $engine['Support'] === 'YES' || $engine['Support'] === 'DEFAULT';
            }
        }
        return false;
    }
}
