<?php
/**
 * Which lines of a reply came through the bridge. ECShop shows one row for all answers to a message, and its screen lets an
 * administrator rewrite that row; so each of our texts is remembered by what its lines hash to, never by its words, and is
 * found again among the others as long as nobody changes it.
 */
class ErpSync_ReplyMarks
{
    /** In the table of commands, under the reply's msg_id. */
    const KIND = 'marks';

    /**
     * Before the text is written: a mark without its text tells nothing. Whoever calls holds the lock on the ticket.
     * @param string|int $msgId of the reply's row
     * @param bool $isNew whether the row was just made: an id can have been another's before
     * @param string $text as it is about to be written
     * @param string $head the line before it where it is added to others
     */
    public static function add(ErpSync_Db $db, $msgId, $isNew, $replyId, $text, $head)
    {
        $lines = explode("\n", trim(implode("\n", self::lines(self::asStored($db, $msgId, $text))), "\n"));
        $head = self::lines(self::asStored($db, $msgId, $head));
        $marks = array();
        $known = $isNew ? array() : self::of($db, array($msgId));
        foreach (isset($known[$msgId]) ? $known[$msgId] : array() as $mark) {
            if ($mark['id'] !== $replyId) {
                $marks[] = $mark;
            }
        }
        $marks[] = array(
            'id' => $replyId,
            'lines' => count($lines),
            'first' => md5($lines[0]),
            'all' => md5(implode("\n", $lines)),
            'head' => md5($head[0]),
        );
        $db->exec(
            'INSERT INTO {erpsync_command} (kind, command_id, request_hash, step, data, at) VALUES (?, ?, ?, ?, ?, ?)
             ON DUPLICATE KEY UPDATE data = VALUES(data), at = VALUES(at)',
            array(self::KIND, (string) $msgId, '', ErpSync_Command::DONE, json_encode($marks), time())
        );
    }

    /** @return array msg_id of a reply => its marks */
    public static function of(ErpSync_Db $db, array $msgIds)
    {
        $marks = array();
        foreach ($msgIds === array() ? array() : $db->rows(
            'SELECT command_id, data FROM {erpsync_command} WHERE kind = ? AND command_id IN (?)',
            array(self::KIND, array_map('strval', $msgIds))
        ) as $row) {
            $marks[$row['command_id']] = (array) json_decode($row['data'], true);
        }
        return $marks;
    }

    /**
     * @param string $content of the reply as a snapshot tells it
     * @return array bridge_reply_ids, and by_bridge or own_content; empty if nothing in it is ours
     */
    public static function told(array $marks, $content)
    {
        $lines = self::lines($content);
        $hashes = array_map('md5', $lines);
        $ours = array();
        $ids = array();
        foreach ($marks as $mark) {
            $at = self::find($mark, $lines, $hashes, $ours);
            if ($at === null) {
                continue;
            }
            $ids[$at] = $mark['id'];
            if ($at > 0 && $hashes[$at - 1] === $mark['head']) {
                $ours[$at - 1] = true;
            }
            for ($line = $at; $line < $at + $mark['lines']; $line++) {
                $ours[$line] = true;
            }
        }
        if ($ids === array()) {
            return array();
        }
        ksort($ids);
        $own = trim(preg_replace('/\n{3,}/', "\n\n", implode("\n", array_diff_key($lines, $ours))));
        return array('bridge_reply_ids' => array_values($ids))
            + ($own === '' ? array('by_bridge' => true) : array('own_content' => $own));
    }

    /** @return int|null its first line; better one under its own head than one that a person repeated */
    private static function find(array $mark, array $lines, array $hashes, array $ours)
    {
        $found = null;
        foreach (array_keys($hashes, $mark['first'], true) as $at) {
            if (array_intersect_key($ours, array_flip(range($at, $at + $mark['lines'] - 1))) !== array()
                || md5(implode("\n", array_slice($lines, $at, $mark['lines']))) !== $mark['all']) {
                continue;
            }
            if ($at > 0 && $hashes[$at - 1] === $mark['head']) {
                return $at;
            }
            if ($found === null) {
                $found = $at;
            }
        }
        return $found;
    }

    /** A browser ends lines its own way when the row is edited. */
    private static function lines($text)
    {
        return array_map('rtrim', explode("\n", str_replace(array("\r\n", "\r"), "\n", $text)));
    }

    /** What a snapshot will tell of a text: the column may hold fewer characters than the connection. */
    private static function asStored(ErpSync_Db $db, $msgId, $text)
    {
        $charset = (string) $db->value('SELECT CHARSET(msg_content) FROM {feedback} WHERE msg_id = ?', array($msgId));
        if (!preg_match('/^\w+$/D', $charset)) {
            return ErpSync_Text::clean($text);
        }
        return ErpSync_Text::clean($db->value(
            'SELECT CONVERT(CONVERT(? USING ' . $charset . ') USING ' . ($db->fourByte ? 'utf8mb4' : 'utf8') . ')',
            array($text)
        ));
    }
}
