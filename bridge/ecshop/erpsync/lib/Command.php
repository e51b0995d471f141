<?php
/**
 * The claim of a write-back that takes several statements (protocol: write-backs). Its row is written before anything of
 * the shop, so that a call that was cut off is taken up where it ended, and one that is repeated is answered alike.
 * Whoever uses it holds an advisory lock on the thing it changes: the server keeps that until a statement it is still
 * running for a dead caller has ended.
 */
class ErpSync_Command
{
    const CLAIMED = 'claimed';
    const DONE = 'done';
    /** Seconds to wait for another call on the same thing. */
    const PATIENCE = 5;

    /** @var string */
    public $step;
    /** @var array what the next steps need; once done, the answer. Never anything personal. */
    public $data;

    /** @var ErpSync_Db */
    private $db;
    /** @var string */
    private $kind;
    /** @var string */
    private $id;

    private function __construct(ErpSync_Db $db, $kind, $id, $step, array $data)
    {
        $this->db = $db;
        $this->kind = $kind;
        $this->id = $id;
        $this->step = $step;
        $this->data = $data;
    }

    /** @return string of what is asked for, whatever the order and spelling of its JSON */
    public static function hash(array $content)
    {
        return hash('sha256', json_encode($content));
    }

    /**
     * @return ErpSync_Command|null null if it was never claimed
     * @throws ErpSync_ApiProblem command-differs
     */
    public static function find(ErpSync_Db $db, $kind, $id, $hash)
    {
        $row = $db->row(
            'SELECT request_hash, step, data FROM {erpsync_command} WHERE kind = ? AND command_id = ?',
            array($kind, $id)
        );
        if ($row === null) {
            return null;
        }
        if ($row['request_hash'] !== $hash) {
            throw new ErpSync_ApiProblem(
                'command-differs',
                'This id was used before with another content.',
                'Send what was sent first, or use a new id for something new.'
            );
        }
        return new self($db, $kind, $id, $row['step'], (array) json_decode($row['data'], true));
    }

    /** @return ErpSync_Command in step `claimed` */
    public static function claim(ErpSync_Db $db, $kind, $id, $hash, array $data)
    {
        $isNew = $db->exec(
            'INSERT IGNORE INTO {erpsync_command} (kind, command_id, request_hash, step, data, at) VALUES (?, ?, ?, ?, ?, ?)',
            array($kind, $id, $hash, self::CLAIMED, json_encode($data), time())
        );
        // Only the same id for another thing, under another lock, can have come between.
        return $isNew > 0 ? new self($db, $kind, $id, self::CLAIMED, $data) : self::find($db, $kind, $id, $hash);
    }

    /**
     * One call at a time on a thing. Who is refused or fails meanwhile gives the lock back with its connection.
     * @param string $thing e.g. order.17
     * @throws ErpSync_ApiProblem busy
     */
    public static function lock(ErpSync_Db $db, $thing)
    {
        if (!$db->lock($thing, self::PATIENCE)) {
            throw self::busy();
        }
    }

    /** @return ErpSync_ApiProblem for who does not get his turn */
    public static function busy()
    {
        return new ErpSync_ApiProblem('busy', 'Another call is at work on the same thing.', 'Call again in a few seconds.');
    }

    /**
     * Moves the step together with rows of the shop, in one statement: either all of it is done and the step tells so, or
     * nothing is. MyISAM has no other way.
     * @param array $joins each array(SQL, values): the tables after `{erpsync_command} c`
     * @param array $sets each array(SQL, values): what becomes of their columns, from what is not changed here
     * @param array $conditions each array(SQL, values)
     * @return bool false if a condition does not hold any more
     */
    public function together($step, array $data, array $joins, array $sets, array $conditions)
    {
        $sets[] = array('c.step = ?', array($step));
        $sets[] = array('c.data = ?', array(json_encode($data)));
        $conditions[] = array('c.kind = ? AND c.command_id = ?', array($this->kind, $this->id));
        $conditions[] = array('c.step = ?', array($this->step));
        $sql = 'UPDATE {erpsync_command} c ' . self::sql($joins, ' ') . ' SET ' . self::sql($sets, ', ') . ' WHERE '
            . self::sql($conditions, ' AND ');
        $values = array_merge(self::values($joins), self::values($sets), self::values($conditions));
        if ($this->db->exec($sql, $values) === 0) {
            return false;
        }
        $this->step = $step;
        $this->data = $data;
        return true;
    }

    /** @param array $answer what a repeated call is told too */
    public function finish(array $answer)
    {
        $this->together(self::DONE, $answer, array(), array(), array());
    }

    /** Nothing of the shop was changed: as if it had never been asked for. */
    public function withdraw()
    {
        $this->db->exec('DELETE FROM {erpsync_command} WHERE kind = ? AND command_id = ?', array($this->kind, $this->id));
    }

    private static function sql(array $parts, $glue)
    {
        $sql = array();
        foreach ($parts as $part) {
            $sql[] = $part[0];
        }
        return implode($glue, $sql);
    }

    private static function values(array $parts)
    {
        $values = array();
        foreach ($parts as $part) {
            $values = array_merge($values, $part[1]);
        }
        return $values;
    }
}
