<?php
/**
 * Capture by triggers. Each writes one row of `erpsync_change` and can neither fail the shop's statement (every body has
 * a handler that goes on) nor let it wait: the table is append-only, with ids that no two statements share a lock for.
 */
class ErpSync_Triggers
{
    /** Columns that ECShop 3.x writes for its own relay. */
    private static $noise = array('lastmodify', 'callback_status');

    /**
     * May the shop's user create them here?
     * @return array|null code, message, remedy; null if so
     */
    public static function probe(ErpSync_Db $db)
    {
        $problem = null;
        try {
            $db->exec('CREATE TABLE IF NOT EXISTS {erpsync_probe} (id INT)');
        } catch (ErpSync_DbError $error) {
            return self::problem('no-create', 'The database user may not create tables.', 'Grant it CREATE and DROP on the shop\'s database.');
        }
        try {
            // MySQL 5.0 has no such function, and finds that out only within the shop's own statement.
            $db->value('SELECT UUID_SHORT()');
            $db->exec('DROP TRIGGER IF EXISTS {erpsync_probe_i}');
            $db->exec('CREATE TRIGGER {erpsync_probe_i} AFTER INSERT ON {erpsync_probe} FOR EACH ROW SET @erpsync_probe = 1');
        } catch (ErpSync_DbError $error) {
            $problem = self::refusal($error->getCode());
        }
        $db->exec('DROP TABLE {erpsync_probe}');
        return $problem === null ? self::inTheWay($db) : $problem;
    }

    /**
     * Creates what missing() names; what is right already is not touched.
     * @throws ErpSync_SetupError then none of ours is left
     */
    public static function install(ErpSync_Db $db)
    {
        self::neverWaitLong($db);
        try {
            foreach (self::lacking($db) as $name => $trigger) {
                $db->exec('DROP TRIGGER IF EXISTS {' . $name . '}');
                $db->exec('CREATE TRIGGER {' . $name . '} AFTER ' . $trigger['event'] . ' ON ' . $db->table($trigger['table'])
                    . ' FOR EACH ROW ' . $trigger['body']);
            }
        } catch (ErpSync_DbError $error) {
            // Half of them would be mistaken for all.
            self::remove($db);
            $problem = self::inTheWay($db);
            $problem = $problem === null ? self::refusal($error->getCode()) : $problem;
            throw new ErpSync_SetupError($problem['code'], $problem['message'], $problem['remedy']);
        }
    }

    public static function remove(ErpSync_Db $db)
    {
        foreach (array_keys(self::present($db)) as $name) {
            $db->exec('DROP TRIGGER IF EXISTS {' . $name . '}');
        }
    }

    /**
     * Those that are absent, as after a restore without triggers; that another database user than the shop's created: once
     * that user is dropped, every write of the shop fails (error 1449); or that no longer fit the columns of their table.
     * @return array of names without the prefix
     */
    public static function missing(ErpSync_Db $db)
    {
        return array_keys(self::lacking($db));
    }

    /** @return array definitions that are not in place as they should be */
    private static function lacking(ErpSync_Db $db)
    {
        $present = self::present($db);
        $owner = $db->value('SELECT CURRENT_USER()');
        $lacking = array();
        foreach (self::definitions($db) as $name => $trigger) {
            if (!isset($present[$name]) || $present[$name]['Definer'] !== $owner
                || self::words($present[$name]['Statement']) !== self::words($trigger['body'])) {
                $lacking[$name] = $trigger;
            }
        }
        return $lacking;
    }

    /** @return array|null the problem of a server that allows one trigger per table, time and event, and has one already */
    private static function inTheWay(ErpSync_Db $db)
    {
        $version = (string) $db->value('SELECT VERSION()');
        $several = stripos($version, 'MariaDB') === false ? '5.7.2' : '10.2.3';
        if (version_compare(preg_replace('/^5\.5\.5-|[^0-9.].*$/', '', $version), $several, '>=')) {
            return null;
        }
        $ours = array();
        foreach (self::definitions($db) as $trigger) {
            $ours[$db->tableName($trigger['table']) . ' ' . $trigger['event']] = true;
        }
        foreach ($db->rows('SHOW TRIGGERS') as $row) {
            if ($row['Timing'] === 'AFTER' && isset($ours[$row['Table'] . ' ' . $row['Event']])
                && strpos($row['Trigger'], $db->tableName('erpsync_')) !== 0) {
                return self::problem(
                    'trigger-in-the-way',
                    'The trigger ' . $row['Trigger'] . ' of this shop is on ' . $row['Table']
                        . ', and this database server allows one per table and event.',
                    'Leave it and let the bridge poll, or move the shop to MySQL 5.7 or MariaDB 10.2.'
                );
            }
        }
        return null;
    }

    /** @return array ours that are there: name without the shop's prefix => its SHOW TRIGGERS row */
    private static function present(ErpSync_Db $db)
    {
        $present = array();
        foreach ($db->rows('SHOW TRIGGERS') as $row) {
            $prefix = $db->tableName('');
            if (strpos($row['Trigger'], $prefix . 'erpsync_') === 0) {
                $present[substr($row['Trigger'], strlen($prefix))] = $row;
            }
        }
        return $present;
    }

    /** Creating one waits for whoever uses the table, and the whole shop would wait behind it. */
    private static function neverWaitLong(ErpSync_Db $db)
    {
        try {
            $db->exec('SET SESSION lock_wait_timeout = 5');
        } catch (ErpSync_DbError $error) {
            // MySQL before 5.5 has no such locks.
            return;
        }
    }

    /** @return array name without prefix => table, event, body; only of tables that this shop has */
    private static function definitions(ErpSync_Db $db)
    {
        $order = array('order', 'order_id');
        $customer = array('customer', 'user_id');
        $plans = array(
            array('order_info', 'oi', array($order), self::gone('order', 'order_id', array('stamp' => 'add_time', 'no' => 'order_sn', 'status' => 'order_status'))),
            array('order_goods', 'og', array($order), null),
            array('delivery_order', 'do', array($order), null),
            array('pay_log', 'pl', array($order), null),
            array('back_order', 'bo', array(array('return', 'back_id'), $order), self::gone('return', 'back_id', array('stamp' => 'return_time', 'from_id' => 'order_id'))),
            array('back_goods', 'bg', array(array('return', 'back_id')), null),
            array('users', 'us', array($customer), self::gone('customer', 'user_id', array('stamp' => 'reg_time'))),
            array('user_address', 'ua', array($customer), null),
            array('feedback', 'fb', array(array('ticket', 'msg_id')), null),
            // ECShop writes the orders of a group-buy first and decides the activity last.
            array('goods_activity', 'ga', array(array('activity', 'act_id')), null),
        );
        $definitions = array();
        $read = new ErpSync_Columns($db);
        foreach ($plans as $plan) {
            list($table, $short, $things, $gone) = $plan;
            $known = $db->columns($table);
            if ($known === array()) {
                continue;
            }
            // What a snapshot reads, and whose it is.
            $columns = array();
            foreach (array_merge($read->of($table), array('parent_id', 'order_id', 'user_id')) as $name) {
                if (isset($known[$name]) && !in_array($name, self::$noise, true)) {
                    $columns[$name] = $known[$name]['Type'];
                }
            }
            foreach (self::bodies($table, $things, $gone, $columns) as $event => $statements) {
                $definitions['erpsync_' . $short . '_' . strtolower($event[0])] = array(
                    'table' => $table,
                    'event' => $event,
                    'body' => "BEGIN\nDECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;\n"
                        . str_replace('{erpsync_change}', $db->table('erpsync_change'), $statements) . "\nEND",
                );
            }
        }
        return $definitions;
    }

    /** @return array event => statements */
    private static function bodies($table, array $things, $gone, array $columns)
    {
        if ($table === 'feedback') {
            return self::feedback($columns);
        }
        if ($table === 'order_goods') {
            return self::orderGoods($columns);
        }
        $insert = '';
        $update = '';
        $delete = (string) $gone;
        foreach ($things as $thing) {
            list($kind, $column) = $thing;
            $new = self::written($kind, 'NEW.' . $column);
            $old = self::written($kind, 'OLD.' . $column);
            $insert .= $new;
            $update .= $new . "IF OLD.$column <> NEW.$column THEN\n" . $old . "END IF;\n";
            // The thing's own row has its tombstone instead.
            if ($gone === null || $column !== $things[0][1]) {
                $delete .= $old;
            }
        }
        if ($table === 'goods_activity') {
            return array('UPDATE' => "IF OLD.is_finished <> NEW.is_finished THEN\n" . $insert . "END IF;\n");
        }
        if ($table === 'back_goods') {
            // Inserted after the head; ECShop never changes them.
            return array('INSERT' => $insert);
        }
        // The other order_type is a customer's top-up.
        $wrap = $table === 'pay_log' ? array('IF %s.order_type = 0 THEN' . "\n", "END IF;\n") : array('', '');
        return array(
            'INSERT' => sprintf($wrap[0], 'NEW') . $insert . $wrap[1],
            'UPDATE' => sprintf($wrap[0], 'NEW') . self::ifChanged($columns, $update) . $wrap[1],
            'DELETE' => sprintf($wrap[0], 'OLD') . $delete . $wrap[1],
        );
    }

    /** A line that changes its order is how ECShop merges; a line that is deleted leaves its rec_id. */
    private static function orderGoods(array $columns)
    {
        $moved = "INSERT INTO {erpsync_change} (id, kind, thing_id, op, rec_id, from_id)\n"
            . "VALUES (UUID_SHORT(), 'order', NEW.order_id, 'm', NEW.rec_id, OLD.order_id);\n";
        $deleted = "INSERT INTO {erpsync_change} (id, kind, thing_id, op, rec_id)\n"
            . "VALUES (UUID_SHORT(), 'order', OLD.order_id, 'l', OLD.rec_id);\n";
        return array(
            'INSERT' => self::written('order', 'NEW.order_id'),
            'UPDATE' => "IF OLD.order_id <> NEW.order_id THEN\n" . $moved . self::written('order', 'OLD.order_id') . "ELSE\n"
                . self::ifChanged($columns, self::written('order', 'NEW.order_id')) . "END IF;\n",
            'DELETE' => $deleted,
        );
    }

    /** A reply belongs to the message it answers. */
    private static function feedback(array $columns)
    {
        $new = self::written('ticket', 'IF(NEW.parent_id > 0, NEW.parent_id, NEW.msg_id)');
        return array(
            'INSERT' => $new,
            'UPDATE' => self::ifChanged($columns, $new),
            'DELETE' => "IF OLD.parent_id > 0 THEN\n" . self::written('ticket', 'OLD.parent_id') . "ELSE\n"
                . self::gone('ticket', 'msg_id', array('stamp' => 'msg_time')) . "END IF;\n",
        );
    }

    private static function written($kind, $id)
    {
        return "INSERT INTO {erpsync_change} (id, kind, thing_id, op) VALUES (UUID_SHORT(), '$kind', IFNULL($id, 0), 'w');\n";
    }

    private static function gone($kind, $id, array $memory)
    {
        $names = '';
        $values = '';
        foreach ($memory as $name => $column) {
            $names .= ', ' . $name;
            $values .= ", IFNULL(OLD.$column, " . ($name === 'no' ? "''" : '0') . ')';
        }
        return "INSERT INTO {erpsync_change} (id, kind, thing_id, op$names)\n"
            . "VALUES (UUID_SHORT(), '$kind', OLD.$id, 'd'$values);\n";
    }

    /** An UPDATE fires a trigger even if it changes nothing. Text is compared by its bytes: collations ignore case. */
    private static function ifChanged(array $columns, $statements)
    {
        $same = array();
        foreach ($columns as $name => $type) {
            $quoted = '`' . $name . '`';
            $same[] = preg_match('/char|text|enum|set/i', $type)
                ? "CAST(OLD.$quoted AS BINARY) <=> CAST(NEW.$quoted AS BINARY)"
                : "OLD.$quoted <=> NEW.$quoted";
        }
        return 'IF NOT (' . implode("\nAND ", $same) . ") THEN\n" . $statements . "END IF;\n";
    }

    private static function words($statement)
    {
        return trim(preg_replace('/\s+/', ' ', $statement));
    }

    private static function refusal($number)
    {
        switch ($number) {
            case 1142:
            case 1044:
            case 1227:
                return self::problem(
                    'no-trigger-privilege',
                    'The database user may not create triggers (MySQL error ' . $number . ').',
                    'Grant it TRIGGER on the shop\'s database.'
                );
            case 1419:
                return self::problem(
                    'binary-log',
                    'The database server keeps a binary log and lets only its administrator create triggers (MySQL error 1419).',
                    'Set log_bin_trust_function_creators = 1 in the server\'s parameters.'
                );
            case 1235:
                return self::problem(
                    'trigger-in-the-way',
                    'Another trigger is on a table of the shop, and this database server allows one per table and event (MySQL error 1235).',
                    'Leave it and let the bridge poll, or move the shop to MySQL 5.7 or MariaDB 10.2.'
                );
            case 1205:
                return self::problem(
                    'tables-busy',
                    'A table of the shop was in use all the time (MySQL error 1205).',
                    'Try again when fewer people are in the shop.'
                );
        }
        return self::problem(
            'no-trigger',
            'The database refused to create a trigger (MySQL error ' . $number . ').',
            'Let the bridge poll, or ask the host of the database what this error means there.'
        );
    }

    private static function problem($code, $message, $remedy)
    {
        return array('code' => $code, 'message' => $message, 'remedy' => $remedy);
    }
}
